// swift-tools-version: 6.2
// The fuzzers, a package of their own: everything in it is compiled for libFuzzer and the address sanitizer. `Sources` is
// that of the package above.
import PackageDescription

/// As in the package above.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .define("OCM_SANITIZED"),
    // The modules' insides are what is fuzzed.
    .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing", "-package-name", "ocm", "-parse-as-library"]),
]
let instrumentedC: [CSetting] = [.unsafeFlags(["-fsanitize=address,fuzzer-no-link"])]

func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: "\(name)Fuzz", dependencies: dependencies + ["FuzzSupport"], path: name,
        exclude: ["corpus"] + (name == "Metering" ? ["metering.dict"] : []),
        swiftSettings: [
            .swiftLanguageMode(.v6),
            .unsafeFlags(["-sanitize=fuzzer,address", "-package-name", "ocm", "-parse-as-library"]),
        ],
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

let package = Package(
    name: "ocm-fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(name: "CShims", path: "Sources/CShims", cSettings: instrumentedC),
        .systemLibrary(name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "openssl"),
        .systemLibrary(name: "CSeccomp", path: "Sources/CSeccomp", pkgConfig: "libseccomp"),
        .systemLibrary(name: "CSystemd", path: "Sources/CSystemd", pkgConfig: "libsystemd"),
        .target(
            name: "OCMEventLoop", dependencies: ["CShims"], path: "Sources/Shared/EventLoop", swiftSettings: strict),
        .target(
            name: "OCMTLS", dependencies: ["OCMEventLoop", "COpenSSL", "CShims"], path: "Sources/Shared/TLS",
            swiftSettings: strict),
        .target(name: "OCMHTTP", path: "Sources/Shared/HTTP", swiftSettings: strict),
        .target(
            name: "OCMIPC", dependencies: ["OCMEventLoop", "CShims"], path: "Sources/Shared/IPC", swiftSettings: strict),
        .target(
            name: "OCMLogging", dependencies: ["CShims", .product(name: "Logging", package: "swift-log")],
            path: "Sources/Shared/Logging", swiftSettings: strict),
        .target(
            name: "ocm-supervisor",
            dependencies: [
                "CShims", "COpenSSL", "CSystemd", "OCMEventLoop", "OCMTLS", "OCMHTTP", "OCMIPC", "OCMLogging",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/ocm-supervisor",
            exclude: [
                "Main.swift", "Pricing/prices-2026-11.json", "Pricing/pricing-reference.json", "Pricing/embed.py",
            ],
            swiftSettings: strict),
        .target(
            name: "ocm-worker",
            dependencies: [
                "CShims", "CSeccomp", "OCMEventLoop", "OCMTLS", "OCMHTTP", "OCMIPC", "OCMLogging",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/ocm-worker", exclude: ["Main.swift"], swiftSettings: strict),

        .target(name: "CFuzzer", path: "CFuzzer"),
        .target(
            name: "FuzzSupport", dependencies: ["CFuzzer"], path: "Support", swiftSettings: [.swiftLanguageMode(.v6)]),
        fuzzer("Metering", ["ocm-worker", "OCMHTTP"]),
        fuzzer("Head", ["OCMHTTP"]),
        fuzzer("Body", ["OCMHTTP"]),
        fuzzer("WebSocket", ["OCMHTTP"]),
        fuzzer("Configuration", ["ocm-supervisor", "OCMIPC", "OCMLogging"]),
        fuzzer("AuthFile", ["ocm-supervisor"]),
        fuzzer("UsageFile", ["ocm-supervisor", "OCMEventLoop"]),
        fuzzer("Journal", ["ocm-supervisor", "OCMIPC"]),
        fuzzer("Message", ["OCMIPC", "OCMEventLoop"]),
        fuzzer("Channel", ["ocm-supervisor", "OCMIPC", "OCMEventLoop"]),
    ]
)
