import Testing
@Test func placeholderCapture() {}
