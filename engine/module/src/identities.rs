//! Checks the leaves of a group: each has a basic credential that is a device record, verified offline. No clock is asked.

use crate::error::{Code, Error, Result};
use crate::record::Record;
use crate::signatures::Signatures;
use mls_rs::ExtensionList;
use mls_rs::identity::{CredentialType, SigningIdentity};
use mls_rs::time::MlsTime;
use mls_rs_core::identity::{IdentityProvider, MemberValidationContext};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// Keeps which records have been verified already: in big groups, and in several with the same people, that is half the work.
#[derive(Clone, Default)]
pub struct Identities {
    verified: Arc<Mutex<HashSet<Vec<u8>>>>,
    signatures: Signatures,
    /// Verified, if what a join has gathered holds.
    gathered: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// Records remembered as verified: at most 3.5 MB.
const REMEMBERED: usize = 4096;

impl Identities {
    /// For one join, whose signatures are checked together at its end.
    pub fn joining(&self, signatures: Signatures) -> Self {
        Self { verified: self.verified.clone(), signatures, gathered: Arc::default() }
    }

    /// All that was gathered holds.
    pub fn settle(&self) -> Result<()> {
        self.signatures.settle()?;
        let mut gathered = self.gathered.lock().map_err(|_| Code::EngineFailed)?;
        gathered.drain(..).try_for_each(|known| self.remember(known))
    }

    fn remember(&self, known: Vec<u8>) -> Result<()> {
        let mut verified = self.verified.lock().map_err(|_| Code::EngineFailed)?;
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(known);
        Ok(())
    }
}

impl IdentityProvider for Identities {
    type Error = Error;

    fn validate_member(&self, leaf: &SigningIdentity, _: Option<MlsTime>, _: MemberValidationContext<'_>) -> Result<()> {
        let bytes = record_bytes(leaf)?;
        let record = Record::parse(bytes)?;
        let known = [leaf.signature_key.as_bytes(), bytes].concat();
        if self.verified.lock().map_err(|_| Code::EngineFailed)?.contains(&known) {
            return Ok(());
        }
        record.verify_by(&self.signatures, &leaf.signature_key)?;
        if self.signatures.gathers() {
            self.gathered.lock().map_err(|_| Code::EngineFailed)?.push(known);
            return Ok(());
        }
        self.remember(known)
    }

    fn validate_external_sender(&self, _: &SigningIdentity, _: Option<MlsTime>, _: Option<&ExtensionList>) -> Result<()> {
        Err(Error::new(Code::NotAllowed, "no external senders"))
    }

    /// What no two leaves share: the device key, which is part of what makes a device. Asked for each pair of leaves in a join.
    fn identity(&self, leaf: &SigningIdentity, _: &ExtensionList) -> Result<Vec<u8>> {
        Ok(leaf.signature_key.as_bytes().to_vec())
    }

    /// Only the same device takes a leaf's place: same person's or machine's identity, device id and device key.
    fn valid_successor(&self, old: &SigningIdentity, new: &SigningIdentity, _: &ExtensionList) -> Result<bool> {
        Ok(record_of(old)?.device(&old.signature_key) == record_of(new)?.device(&new.signature_key))
    }

    fn supported_types(&self) -> Vec<CredentialType> {
        vec![CredentialType::BASIC]
    }
}

pub fn record_of(leaf: &SigningIdentity) -> Result<Record<'_>> {
    Record::parse(record_bytes(leaf)?)
}

pub fn record_bytes(leaf: &SigningIdentity) -> Result<&[u8]> {
    match leaf.credential.as_basic() {
        Some(basic) => Ok(&basic.identifier),
        None => Err(Error::new(Code::BadRecord, "no basic credential")),
    }
}
