//! How strictly a request is read.

/// Where reading differs between callers. What is stored is the same for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Understand what is not of the type that the schema gives: a lone object for a list, a number
    /// for text, a bare text for a complex value, JSON inside a text; ignore what cannot be changed
    /// or is not known, where the RFC asks for an error.
    pub lenient: bool,
    /// A PATCH filter that fits no element makes the one that it describes (otherwise `noTarget`).
    pub create_missing: bool,
    /// A PUT that says nothing of `members` or `externalId` leaves them (otherwise they are cleared).
    pub put_keeps: bool,
    /// PATCH bodies of SCIM 1.1 are understood, where members are taken out by
    /// `"operation": "delete"`.
    pub scim_1: bool,
}

impl Rules {
    /// To the letter of the RFCs.
    pub const STRICT: Self =
        Self { lenient: false, create_missing: false, put_keeps: false, scim_1: false };

    /// Everything that is known to be sent is understood.
    pub const LENIENT: Self =
        Self { lenient: true, create_missing: true, put_keeps: true, scim_1: true };
}
