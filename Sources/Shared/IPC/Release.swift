/// The version that both programs are of; they are built and installed together.
package enum Release {
    package static let version = "0.1.0"
}
