import CContentTrust
import ContentTrust

private let version = CText(PackageVersion.string)

/// See contenttrust.h.
@c @implementation public func contenttrust_abi_version() -> CInt { CONTENTTRUST_ABI_VERSION }

/// See contenttrust.h.
@c @implementation public func contenttrust_version() -> UnsafePointer<CChar>! { version.pointer }
