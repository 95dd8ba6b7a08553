//! How long work is told to whoever watches.

/// Watches long work. All methods may be called from any thread.
pub trait Progress: Sync {
    /// A piece of work begins; `total` is its size where known.
    fn begin(&self, what: &str, total: Option<u64>);
    /// Some of it is done.
    fn advance(&self, by: u64);
    /// Something worth saying, as a full sentence.
    fn say(&self, sentence: &str);
    /// The piece of work that began last is over.
    fn end(&self);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _what: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn say(&self, _sentence: &str) {}
    fn end(&self) {}
}
