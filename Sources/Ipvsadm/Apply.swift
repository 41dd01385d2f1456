// Commands applied to rules: what the kernel finds wrong, in the order in which it looks and in the
// words of ipvsadm. A command that is refused changes nothing.
//
// What Weft cannot do, and the kernel can: persistence engines (`--pe sip`), which are refused as
// unknown, the scheduler `none`, likewise, and netmasks with gaps.

import Dataplane
import Wire

extension DirectorRules {
    /// Applies a command that changes rules, counters or timeouts; others are ignored.
    public mutating func apply(_ command: IpvsadmCommand) throws(IpvsadmError) {
        do throws(RuleError) {
            switch command {
            case .addService(let request):
                guard index(of: request.key) == nil else { throw .serviceExists }
                try add(request.rule)
            case .editService(let request):
                guard index(of: request.key) != nil else { throw .noSuchService }
                try edit(request.rule)
            case .deleteService(let key): try delete(key)
            case .clear: deleteAll()
            case .addServer(let rule, let key): try add(rule, to: key)
            case .editServer(let rule, let key): try edit(rule, of: key)
            case .deleteServer(let address, let port, let key):
                try delete(address, port, from: key)
            case .zero(let key): try zero(key)
            case .setTimeouts(let request): settings.set(request)
            default: break
            }
        } catch {
            throw .refused(command.message(for: error))
        }
    }
}

extension DirectorSettings {
    fileprivate mutating func set(_ request: TimeoutRequest) {
        if request.tcp != 0 { tcpTimeout = request.tcp }
        if request.tcpFin != 0 { tcpFinTimeout = request.tcpFin }
        if request.udp != 0 { udpTimeout = request.udp }
    }
}

extension ServiceRequest {
    fileprivate var rule: VirtualServerRule {
        get throws(RuleError) {
            guard let scheduler = Scheduler(rawValue: scheduler), engine == nil else {
                throw .invalid(.scheduler)
            }
            var persistence: Persistence?
            if let persistenceSeconds {
                persistence = Persistence(
                    timeoutSeconds: persistenceSeconds, prefixLength: try prefixLength)
            }
            return VirtualServerRule(
                key, scheduler: scheduler, flags: flags, persistence: persistence,
                isOnePacket: isOnePacket)
        }
    }

    private var prefixLength: Int {
        get throws(RuleError) {
            guard key.isIPv4 else { return Int(netmask) }
            let length = (~netmask).leadingZeroBitCount
            guard netmask == ~(UInt32.max >> UInt32(length)) else { throw .invalid(.netmask) }
            return length
        }
    }
}

extension IpvsadmCommand {
    /// What ipvsadm prints for the error number that stands for `error`.
    func message(for error: RuleError) -> String {
        switch error {
        case .serviceExists: "Service already exists"
        case .noSuchService: isAboutServer ? "Service not defined" : IpvsadmError.noSuchService
        case .serverExists: "Destination already exists"
        case .noSuchServer: "No such destination"
        case .invalid(.scheduler): IpvsadmError.noScheduler
        case .invalid(.thresholds), .invalid(.weight): IpvsadmError.outOfRange
        case .invalid(.netmask): "A netmask with gaps has no counterpart here"
        case .invalid: IpvsadmError.invalidOperation
        }
    }

    private var isAboutServer: Bool {
        switch self {
        case .addServer, .editServer, .deleteServer: true
        default: false
        }
    }
}
