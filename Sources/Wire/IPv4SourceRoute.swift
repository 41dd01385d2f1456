// Source routes among IPv4 options (RFC 791, section 3.1): addresses that a packet is still to pass on its
// way, the last of which is where it goes in the end.
//
// Invariant: options that are cut short or contradict themselves end the search, and nothing beyond the
// header is looked at.

extension IPv4Header {
    /// Whether the packet has places left to pass, strictly or loosely.
    public var isSourceRouted: Bool {
        let options = options
        var offset = 0
        while offset < options.byteCount {
            let type = options.u8(offset)
            if type == 0 { return false }
            guard type != 1 else {
                offset += 1
                continue
            }
            guard offset + 2 < options.byteCount else { return false }
            let byteCount = Int(options.u8(offset + 1))
            if type == 131 || type == 137 { return Int(options.u8(offset + 2)) <= byteCount }
            guard byteCount >= 2 else { return false }
            offset += byteCount
        }
        return false
    }
}
