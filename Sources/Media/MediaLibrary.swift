internal import CFFmpeg

/// The FFmpeg that is linked in.
package enum MediaLibrary {
    /// FFmpeg's version; nil where the program was built without it.
    package static var version: String? {
        #if FFmpeg
        unsafe String(cString: cff_version())
        #else
        nil
        #endif
    }
}
