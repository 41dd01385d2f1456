import Testing
@Test func placeholderDataplane() {}
