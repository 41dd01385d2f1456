import Testing
@Test func placeholderMesh() {}
