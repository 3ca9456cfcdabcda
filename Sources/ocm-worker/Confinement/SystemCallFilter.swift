internal import CSeccomp
internal import OCMEventLoop

/// A system call that a worker makes, and with which arguments; any other is the end of the process.
struct PermittedCall: Equatable {
    /// A condition on an argument, counted from 0.
    enum Condition: Equatable {
        case argument(UInt32, is: UInt64)
        /// None of these bits.
        case argumentWithout(UInt32, bits: UInt64)
        /// The argument's lower half: an `int`, which may be negative.
        case number(UInt32, is: Int32)
    }

    let name: StaticString
    let conditions: [Condition]

    init(_ name: StaticString, _ conditions: Condition...) {
        self.name = name
        self.conditions = conditions
    }

    static func == (left: PermittedCall, right: PermittedCall) -> Bool {
        left.name.description == right.name.description && left.conditions == right.conditions
    }
}

/// The kernel's filter of system calls, made by libseccomp (seccomp_init(3), seccomp(2)).
enum SystemCallFilter {
    /// Looks calls up in a binary tree: the cost of a call does not grow with the list.
    private static let binaryTree: UInt32 = 2

    /// Puts the filter into force, for good.
    static func load() throws(ConfinementError) {
        guard let filter = unsafe seccomp_init(SCMP_ACT_KILL_PROCESS) else { throw .filter(code: -12) }
        defer { unsafe seccomp_release(filter) }
        // Of another architecture's numbers, which this kernel may know besides.
        unsafe seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)
        unsafe seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, binaryTree)
        for call in PermittedCall.all { try unsafe add(call, to: filter) }
        let result = unsafe seccomp_load(filter)
        guard result == 0 else { throw .filter(code: result) }
    }

    private static func add(_ call: PermittedCall, to filter: scmp_filter_ctx) throws(ConfinementError) {
        let name = call.name.description
        let number = unsafe seccomp_syscall_resolve_name(name)
        // The architecture has it under another name.
        guard number != __NR_SCMP_ERROR else { return }
        let comparisons = call.conditions.map(scmp_arg_cmp.init)
        let result = unsafe comparisons.withUnsafeBufferPointer { comparisons in
            unsafe seccomp_rule_add_array(
                filter, SCMP_ACT_ALLOW, number, UInt32(comparisons.count), comparisons.baseAddress)
        }
        guard result == 0 else { throw .rule(call: name, code: result) }
    }
}

extension scmp_arg_cmp {
    fileprivate init(_ condition: PermittedCall.Condition) {
        switch condition {
        case .argument(let index, let value):
            self.init(arg: index, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
        case .argumentWithout(let index, let bits):
            self.init(arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: bits, datum_b: 0)
        case .number(let index, let value):
            self.init(
                arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: UInt64(UInt32.max),
                datum_b: UInt64(UInt32(bitPattern: value)))
        }
    }
}
