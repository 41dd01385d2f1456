import Testing
@Test func placeholderReplay() {}
