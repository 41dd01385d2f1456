// Where libFuzzer calls in: one input, one run. Compiled by scripts/fuzz once for each target, which
// `-D` names, and no part of the package. A complaint ends the process, which is how it is heard.

import FuzzTargets

#if FUZZ_WIRE
    private let target = FuzzTarget.wire
#elseif FUZZ_CAPTURE
    private let target = FuzzTarget.capture
#elseif FUZZ_DATAPLANE
    private let target = FuzzTarget.dataplane
#elseif FUZZ_DIRECTOR
    private let target = FuzzTarget.director
#elseif FUZZ_RULES
    private let target = FuzzTarget.rules
#endif

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    if let complaint = target.complaint(about: bytes) { fatalError(complaint) }
    return 0
}
