//! Checks the leaves of a group: each has a basic credential that is a device record, verified offline. No clock is asked.

use crate::error::{Code, Error, Result};
use crate::record::Record;
use mls_rs::ExtensionList;
use mls_rs::identity::{CredentialType, SigningIdentity};
use mls_rs::time::MlsTime;
use mls_rs_core::identity::{IdentityProvider, MemberValidationContext};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// Keeps which records have been verified already: in big groups, and in several with the same people, that is half the work.
#[derive(Clone, Default)]
pub struct Identities(Arc<Mutex<HashSet<Vec<u8>>>>);

/// Records remembered as verified: at most 3.5 MB.
const REMEMBERED: usize = 4096;

impl IdentityProvider for Identities {
    type Error = Error;

    fn validate_member(&self, leaf: &SigningIdentity, _: Option<MlsTime>, _: MemberValidationContext<'_>) -> Result<()> {
        let bytes = record_bytes(leaf)?;
        let record = Record::parse(bytes)?;
        let known = [leaf.signature_key.as_bytes(), bytes].concat();
        let mut verified = self.0.lock().map_err(|_| Code::EngineFailed)?;
        if verified.contains(&known) {
            return Ok(());
        }
        record.verify(&leaf.signature_key)?;
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(known);
        Ok(())
    }

    fn validate_external_sender(&self, _: &SigningIdentity, _: Option<MlsTime>, _: Option<&ExtensionList>) -> Result<()> {
        Err(Error::new(Code::NotAllowed, "no external senders"))
    }

    fn identity(&self, leaf: &SigningIdentity, _: &ExtensionList) -> Result<Vec<u8>> {
        Ok(record_of(leaf)?.device(&leaf.signature_key))
    }

    /// Only the same device takes a leaf's place: same person's or machine's identity, device id and device key.
    fn valid_successor(&self, old: &SigningIdentity, new: &SigningIdentity, extensions: &ExtensionList) -> Result<bool> {
        Ok(self.identity(old, extensions)? == self.identity(new, extensions)?)
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
