import Scheduling

/// On whose behalf the task at hand works.
///
/// `Routes` sets it around each handler, so that what belongs to a key is found without being handed from call to call.
enum Caller {
    @TaskLocal static var owner = Owner.anyone
}
