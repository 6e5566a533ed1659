//! Why the engine says no: the closed list of `src/mls/engine-error.ts`.

use crate::crypto::ProviderError;
use mls_rs::error::MlsError;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Malformed,
    TooLarge,
    WrongGroup,
    FutureEpoch,
    PastEpoch,
    Replayed,
    OwnMessage,
    Invalid,
    NotAllowed,
    BadRecord,
    UnknownLeaf,
    NoKeyPackage,
    PendingCommit,
    NoPendingCommit,
    NotAMember,
    SignerFailed,
    EngineFailed,
}

impl Code {
    pub fn word(self) -> &'static str {
        match self {
            Code::Malformed => "malformed",
            Code::TooLarge => "too-large",
            Code::WrongGroup => "wrong-group",
            Code::FutureEpoch => "future-epoch",
            Code::PastEpoch => "past-epoch",
            Code::Replayed => "replayed",
            Code::OwnMessage => "own-message",
            Code::Invalid => "invalid",
            Code::NotAllowed => "not-allowed",
            Code::BadRecord => "bad-record",
            Code::UnknownLeaf => "unknown-leaf",
            Code::NoKeyPackage => "no-key-package",
            Code::PendingCommit => "pending-commit",
            Code::NoPendingCommit => "no-pending-commit",
            Code::NotAMember => "not-a-member",
            Code::SignerFailed => "signer-failed",
            Code::EngineFailed => "engine-failed",
        }
    }
}

/// `detail` is for a log: a rule's or a library's own words, never bytes of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub code: Code,
    pub detail: String,
}

impl Error {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.word(), self.detail)
    }
}

impl std::error::Error for Error {}

impl mls_rs::error::IntoAnyError for Error {
    fn into_dyn_error(self) -> std::result::Result<Box<dyn std::error::Error + Send + Sync>, Self> {
        Ok(self.into())
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code, "")
    }
}

impl From<mls_rs::mls_rs_codec::Error> for Error {
    fn from(error: mls_rs::mls_rs_codec::Error) -> Self {
        Self::new(Code::Malformed, error.to_string())
    }
}

impl From<MlsError> for Error {
    fn from(error: MlsError) -> Self {
        // Our own rules' and identities' errors went through mls-rs in a box: they keep their code.
        if let MlsError::MlsRulesError(any) | MlsError::IdentityProviderError(any) = &error
            && let Some(ours) = any.inner_dyn_error().downcast_ref::<Error>()
        {
            return ours.clone();
        }
        if let MlsError::CryptoProviderError(any) = &error
            && let Some(ProviderError::Signer) = any.inner_dyn_error().downcast_ref()
        {
            return Code::SignerFailed.into();
        }
        Self::new(code_of(&error), error.to_string())
    }
}

fn code_of(error: &MlsError) -> Code {
    match error {
        MlsError::SerializationError(_)
        | MlsError::ExtensionError(_)
        | MlsError::UnexpectedMessageType
        | MlsError::UnsupportedProtocolVersion(_)
        | MlsError::ProtocolVersionMismatch
        | MlsError::UnsupportedCipherSuite(_)
        | MlsError::CipherSuiteMismatch => Code::Malformed,
        MlsError::GroupIdMismatch | MlsError::GroupNotFound => Code::WrongGroup,
        MlsError::EpochNotFound => Code::PastEpoch,
        MlsError::KeyMissing(_) | MlsError::InvalidFutureGeneration(_) | MlsError::InvalidLeafConsumption => Code::Replayed,
        MlsError::CantProcessMessageFromSelf => Code::OwnMessage,
        MlsError::InvalidLifetime { .. }
        | MlsError::InvalidSuccessor
        | MlsError::DifferentIdentityInUpdate(_)
        | MlsError::ExternalCommitRemovesOtherIdentity
        | MlsError::ExternalCommitWithMoreThanOneRemove
        | MlsError::CommitterSelfRemoval => Code::NotAllowed,
        MlsError::DuplicateLeafData(_) => Code::BadRecord,
        MlsError::WelcomeKeyPackageNotFound => Code::NoKeyPackage,
        MlsError::ExistingPendingCommit => Code::PendingCommit,
        MlsError::PendingCommitNotFound => Code::NoPendingCommit,
        // The library's list is open; whatever else it says, the message doesn't hold.
        _ => Code::Invalid,
    }
}
