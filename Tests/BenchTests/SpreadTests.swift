// Goal: medians and quartiles are what everybody else's tools say. Method: values with the answers of
// numpy.percentile(values, [25, 50, 75]), whose default is the same interpolation.

import Bench
import Testing

@Suite struct SpreadTests {
    @Test(arguments: [
        ([4.0], 4.0, 4.0, 4.0), ([2, 1], 1.25, 1.5, 1.75), ([3, 1, 2], 1.5, 2, 2.5),
        ([7, 15, 36, 39, 40, 41], 20.25, 37.5, 39.75),
        ([10, 1, 9, 2, 8, 3, 7, 4, 6, 5], 3.25, 5.5, 7.75),
    ])
    func `quartiles are numpy's`(values: [Double], first: Double, median: Double, third: Double) {
        let spread = Spread(values)
        #expect(spread?.firstQuartile == first)
        #expect(spread?.median == median)
        #expect(spread?.thirdQuartile == third)
        #expect(spread?.min == values.min() && spread?.max == values.max())
        #expect(spread?.trials == values.count)
    }

    @Test func `nothing measured has no spread`() { #expect(Spread([]) == nil) }
}
