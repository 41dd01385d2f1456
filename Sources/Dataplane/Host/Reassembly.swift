import Wire

struct ReassemblyTable: ~Copyable {
    init(key: HashKey) {}
}

func reassemble(
    _ frame: inout Frame, _ packet: inout HostPacket, _ core: inout DirectorCore,
    _ work: inout Work
) -> Verdict? { nil }
