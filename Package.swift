// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target of the package is compiled with these.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

/// Tests meet raw memory at will.
let tests: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "ocm",
    products: [
        .executable(name: "ocm-supervisor", targets: ["ocm-supervisor"]),
        .executable(name: "ocm-worker", targets: ["ocm-worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .target(name: "CShims"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

        .target(
            name: "OCMEventLoop", dependencies: ["CShims"], path: "Sources/Shared/EventLoop", swiftSettings: strict),
        .target(
            name: "OCMTLS", dependencies: ["OCMEventLoop", "COpenSSL", "CShims"], path: "Sources/Shared/TLS",
            swiftSettings: strict),
        .target(name: "OCMHTTP", path: "Sources/Shared/HTTP", swiftSettings: strict),
        .target(
            name: "OCMIPC", dependencies: ["OCMEventLoop", "CShims"], path: "Sources/Shared/IPC", swiftSettings: strict),
        .target(
            name: "OCMLogging",
            dependencies: ["CShims", "OCMEventLoop", .product(name: "Logging", package: "swift-log")],
            path: "Sources/Shared/Logging", swiftSettings: strict),

        .executableTarget(
            name: "ocm-supervisor",
            dependencies: [
                "CShims", "COpenSSL", "CSystemd", "OCMEventLoop", "OCMTLS", "OCMHTTP", "OCMIPC", "OCMLogging",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Pricing/prices-2026-11.json", "Pricing/pricing-reference.json", "Pricing/embed.py"],
            swiftSettings: strict),
        .executableTarget(
            name: "ocm-worker",
            dependencies: [
                "CShims", "CSeccomp", "OCMEventLoop", "OCMTLS", "OCMHTTP", "OCMIPC", "OCMLogging",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        .target(
            name: "LoopTestSupport", dependencies: ["OCMEventLoop"], path: "Tests/LoopTestSupport", swiftSettings: tests
        ),
        .testTarget(
            name: "EventLoopTests", dependencies: ["OCMEventLoop", "LoopTestSupport"], swiftSettings: tests),
        .testTarget(
            name: "TLSTests", dependencies: ["OCMTLS", "OCMEventLoop", "LoopTestSupport"], swiftSettings: tests),
        .testTarget(name: "HTTPTests", dependencies: ["OCMHTTP"], swiftSettings: tests),
        .testTarget(
            name: "HTTPJudgeTests",
            dependencies: [
                "OCMHTTP",
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: tests),
        .testTarget(
            name: "IPCTests", dependencies: ["OCMIPC", "OCMEventLoop", "LoopTestSupport"],
            exclude: ["protocol-1.txt"], swiftSettings: tests),
        .testTarget(
            name: "LoggingTests",
            dependencies: [
                "OCMLogging", "OCMEventLoop", "LoopTestSupport", .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: tests),
        .testTarget(
            name: "SupervisorTests",
            dependencies: [
                "ocm-supervisor", "OCMIPC", "OCMTLS", "OCMEventLoop", "LoopTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Pricing/expectations.py", "Pricing/expectations.json"],
            swiftSettings: tests),
        .testTarget(
            name: "WorkerTests", dependencies: ["ocm-worker", "OCMHTTP", "OCMIPC", "LoopTestSupport"],
            exclude: ["fake-api-streams.py", "fake-api-streams.json"], swiftSettings: tests),
    ]
)

// Continuous integration takes no warning; elsewhere a newer compiler that knows more of them still builds the package.
if Context.environment["OCM_WARNINGS_AS_ERRORS"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
        target.cSettings = (target.cSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}

// For builds with a sanitizer: what keeps one from working is left out (limits of address space, system call filters), and
// the log says so at the start.
if Context.environment["OCM_SANITIZED"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.define("OCM_SANITIZED")]
        target.cSettings = (target.cSettings ?? []) + [.define("OCM_SANITIZED")]
    }
}
