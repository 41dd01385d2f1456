import Testing
@Test func placeholderTraffic() {}
