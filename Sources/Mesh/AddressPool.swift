// The addresses of one subnet, handed out serially, as Swarm hands them out.
//
// Invariants: the network address is never handed out, nor IPv4's broadcast address, nor a
// reserved one, nor any address twice. The scan goes upward only, so an address that a task gave
// back is not the next task's.

/// Serial allocation inside one prefix, or inside a range of it.
struct AddressPool<P: AddressPrefix> {
    let prefix: P
    private let range: P
    private var reserved: Set<P.Address> = []
    /// The next candidate, as an offset into `range`.
    private var offset: UInt64 = 0

    init(prefix: P, range: P? = nil) {
        self.prefix = prefix
        self.range = range ?? prefix
    }

    /// Keeps `address` from being handed out.
    mutating func reserve(_ address: P.Address) {
        reserved.insert(address)
    }

    /// The lowest address not yet handed out, nil when there is none left.
    mutating func allocate() -> P.Address? {
        while offset < range.addressCount, let candidate = range.address(at: offset) {
            offset += 1
            if isUsable(candidate), !reserved.contains(candidate) { return candidate }
        }
        return nil
    }

    /// Whether a host may have the address.
    func isUsable(_ address: P.Address) -> Bool {
        guard prefix.contains(address), address != prefix.address else { return false }
        guard P.bitCount == 32 else { return true }
        return prefix.offset(of: address) != prefix.addressCount - 1
    }
}
