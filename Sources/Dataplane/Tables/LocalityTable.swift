// What lblc and lblcr remember: which real servers have answered for a destination address.

struct LocalityTable: Sendable {
    func names(_ server: RealServerIndex) -> Bool { false }
}
