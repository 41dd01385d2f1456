import Testing
@Test func placeholderWeft() {}
