//! What the browser did and saw, for the evidence: sentences and pictures.

/// What was done and seen since the last time that somebody asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The steps that were taken and what was seen, in their order, as sentences. No secret can stand
    /// in them, and of people only the one that the change is about.
    pub steps: Vec<String>,
    /// Pictures of it.
    pub exhibits: Vec<Exhibit>,
    /// What the list of members is made of, where it was seen.
    pub shape: Vec<String>,
    /// Why the page is no longer the one that the steps were made for; `None`: nothing speaks for it.
    pub drift: Option<String>,
}

impl Report {
    /// Adds a sentence.
    pub fn say(&mut self, sentence: impl Into<String>) {
        self.steps.push(sentence.into());
    }
}

/// Something that can be looked at later, e.g. a picture of a page.
#[derive(Clone, PartialEq, Eq)]
pub struct Exhibit {
    /// What it shows, as a few words.
    pub shows: String,
    /// What its bytes are, e.g. `image/png`.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Exhibit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Exhibit({}, {} bytes of {})", self.shows, self.bytes.len(), self.media_type)
    }
}
