//! A device's state in one group.

use crate::bounds::{self, within};
use crate::changes::{Changes, Person};
use crate::crypto::suite;
use crate::engine::{Config, signing_identity};
use crate::error::{Code, Error, Result};
use crate::header::{self, Framed};
use crate::identities::record_of;
use crate::policy::{POLICY_EXTENSION, extensions_of};
use crate::record::Record;
use crate::storage::GroupStore;
use crate::wire::{Reader, Writer};
use mls_rs::group::{CommitBuilder, ContentType, ExportedTree, ReceivedMessage};
use mls_rs::{CipherSuiteProvider, Client, MlsMessage, MlsMessageDescription};
use mls_rs_core::crypto::SignatureSecretKey;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

pub struct Group {
    group: mls_rs::Group<Config>,
    store: GroupStore,
    secret: SignatureSecretKey,
    /// Whether this device was removed: nothing more can be done.
    removed: bool,
    /// The epoch whose tree was saved last, and that tree's hash.
    saved_tree: Option<(u64, Vec<u8>)>,
    /// By epoch: members whose leaf others hold since.
    departed: BTreeMap<u64, Vec<Person>>,
    /// Epochs before this one are forgotten.
    oldest: u64,
}

pub struct Pending {
    pub commit: Vec<u8>,
    pub welcome: Option<Vec<u8>>,
    pub group_info: Vec<u8>,
}

pub struct Sealed {
    pub message: Vec<u8>,
    pub epoch: u64,
    pub generation: u32,
}

pub struct Opened {
    pub plaintext: Vec<u8>,
    pub epoch: u64,
    pub generation: u32,
    pub leaf: u32,
    /// The sender as it was, for a message of a past epoch; else it is the member of that leaf.
    pub past_sender: Option<Person>,
    pub authenticated_data: Vec<u8>,
}

pub struct Saved {
    pub state: Vec<u8>,
    pub tree: Option<Vec<u8>>,
    pub epochs: Vec<(u64, Vec<u8>)>,
}

impl Group {
    pub(crate) fn new(group: mls_rs::Group<Config>, store: GroupStore, secret: SignatureSecretKey) -> Self {
        // An external joiner's state before its own commit is no epoch that it was in.
        let oldest = group.current_epoch();
        Self { group, store, secret, removed: false, saved_tree: None, departed: BTreeMap::new(), oldest }
    }

    pub fn id(&self) -> &[u8] {
        self.group.group_id()
    }

    pub fn epoch(&self) -> u64 {
        self.group.current_epoch()
    }

    pub fn leaf(&self) -> u32 {
        self.group.current_member_index()
    }

    pub fn pending(&self) -> bool {
        self.group.has_pending_commit()
    }

    pub fn removed(&self) -> bool {
        self.removed
    }

    /// The policy's bytes.
    pub fn policy(&self) -> Vec<u8> {
        self.group.context().extensions.get(POLICY_EXTENSION).map(|e| e.extension_data().to_vec()).unwrap_or_default()
    }

    pub fn members(&self) -> Result<Vec<Person>> {
        self.group.roster().members_iter().map(|member| Person::of(&member)).collect()
    }

    pub fn member(&self, leaf: u32) -> Result<Option<Person>> {
        self.group.member_at_index(leaf).map(|member| Person::of(&member)).transpose()
    }

    pub fn authenticator(&self) -> Result<Vec<u8>> {
        Ok(self.group.epoch_authenticator()?.as_bytes().to_vec())
    }

    pub fn export_secret(&self, label: &[u8], context: &[u8], length: usize) -> Result<Vec<u8>> {
        self.still_in()?;
        if label.len() > 255 || context.len() > 1024 || length > 1024 {
            return Err(Code::TooLarge.into());
        }
        Ok(self.group.export_secret(label, context, length)?.as_bytes().to_vec())
    }

    pub fn info(&self) -> Result<Vec<u8>> {
        self.still_in()?;
        Ok(self.group.group_info_message_allowing_ext_commit(true)?.to_bytes()?)
    }

    /// `now` in seconds: only who adds asks whether a key package has expired.
    pub fn commit_add(&mut self, key_packages: &[&[u8]], now: u64, authenticated_data: &[u8]) -> Result<Pending> {
        if key_packages.is_empty() {
            return Err(Error::new(Code::Malformed, "nobody to add"));
        }
        if key_packages.len() > bounds::PER_COMMIT {
            return Err(Code::TooLarge.into());
        }
        let messages = key_packages
            .iter()
            .map(|bytes| {
                let message = header::message(within(bytes, bounds::KEY_PACKAGE)?, header::KEY_PACKAGE)?;
                let package = message.as_key_package().ok_or(Code::Malformed)?;
                if record_of(package.signing_identity())?.expired(now) {
                    return Err(Error::new(Code::NotAllowed, "a device record that has expired"));
                }
                Ok(message)
            })
            .collect::<Result<Vec<MlsMessage>>>()?;
        let mut builder = self.commit(authenticated_data)?.commit_time(now.into());
        for message in messages {
            builder = builder.add_member(message)?;
        }
        self::pending(builder)
    }

    pub fn commit_remove(&mut self, leaves: &[u32], authenticated_data: &[u8]) -> Result<Pending> {
        if leaves.is_empty() {
            return Err(Error::new(Code::Malformed, "nobody to remove"));
        }
        if leaves.len() > bounds::PER_COMMIT {
            return Err(Code::TooLarge.into());
        }
        if leaves.iter().any(|&leaf| self.group.member_at_index(leaf).is_none()) {
            return Err(Code::UnknownLeaf.into());
        }
        if leaves.contains(&self.leaf()) {
            return Err(Error::new(Code::NotAllowed, "nobody removes itself; another member does"));
        }
        let mut builder = self.commit(authenticated_data)?;
        for &leaf in leaves {
            builder = builder.remove_member(leaf)?;
        }
        self::pending(builder)
    }

    /// With fresh keys, and with this record, of the same device.
    pub fn commit_update(&mut self, record: &[u8], authenticated_data: &[u8]) -> Result<Pending> {
        let own = self.group.current_member_signing_identity()?.clone();
        let next = signing_identity(record, &own.signature_key);
        let secret = self.secret.clone();
        let mut builder = self.commit(authenticated_data)?;
        if next != own {
            Record::parse(record)?.verify(&own.signature_key)?;
            builder = builder.set_new_signing_identity(secret, next);
        }
        self::pending(builder)
    }

    pub fn commit_policy(&mut self, policy: &[u8], authenticated_data: &[u8]) -> Result<Pending> {
        let extensions = extensions_of(policy)?;
        self::pending(self.commit(authenticated_data)?.set_group_context_ext(extensions)?)
    }

    pub fn apply(&mut self) -> Result<Changes> {
        self.still_in()?;
        let epoch = self.epoch();
        let commit = self.group.apply_pending_commit()?;
        let changes = Changes::of(&commit, &self.group.roster(), None)?;
        self.remember(epoch, &changes);
        Ok(changes)
    }

    pub fn clear(&mut self) {
        self.group.clear_pending_commit();
    }

    pub fn process(&mut self, handshake: &[u8]) -> Result<Changes> {
        self.still_in()?;
        let framed = header::framed(within(handshake, bounds::HANDSHAKE)?, header::PUBLIC)?;
        self.check(&framed)?;
        if framed.epoch < self.epoch() {
            return Err(Code::PastEpoch.into());
        }
        if framed.leaf == Some(self.leaf()) {
            return Err(Code::OwnMessage.into());
        }
        let message = commit_message(handshake)?;
        let path = message.commit_path_leaf_node().map(|leaf| leaf.signing_identity.clone());
        let epoch = self.epoch();
        match self.group.process_incoming_message(message)? {
            ReceivedMessage::Commit(commit) => {
                let changes = Changes::of(&commit, &self.group.roster(), path.as_ref())?;
                self.removed = changes.removed_self;
                self.remember(epoch, &changes);
                Ok(changes)
            }
            _ => Err(Code::Malformed.into()),
        }
    }

    pub fn seal(&mut self, plaintext: &[u8], authenticated_data: &[u8]) -> Result<Sealed> {
        self.still_in()?;
        within(plaintext, bounds::PLAINTEXT)?;
        within(authenticated_data, bounds::AUTHENTICATED_DATA)?;
        if self.pending() {
            return Err(Code::PendingCommit.into());
        }
        let (epoch, generation) = (self.epoch(), self.group.peek_next_key_generation()?);
        let message = self.group.encrypt_application_message(plaintext, authenticated_data.to_vec())?.to_bytes()?;
        Ok(Sealed { message, epoch, generation })
    }

    pub fn open(&mut self, sealed: &[u8]) -> Result<Opened> {
        self.still_in()?;
        let framed = header::framed(within(sealed, bounds::SEALED)?, header::PRIVATE)?;
        self.check(&framed)?;
        if framed.epoch < self.oldest {
            return Err(Code::PastEpoch.into());
        }
        let message = header::message(sealed, header::PRIVATE)?;
        if !matches!(message.description(), MlsMessageDescription::PrivateProtocolMessage { content_type: ContentType::Application, .. }) {
            return Err(Code::Malformed.into());
        }
        let epoch = framed.epoch;
        match self.group.process_incoming_message(message)? {
            ReceivedMessage::ApplicationMessage(opened) => Ok(Opened {
                epoch,
                generation: opened.unauthenticated_key_generation.unwrap_or(u32::MAX),
                leaf: opened.sender_index,
                past_sender: self.past_sender(epoch, opened.sender_index)?,
                plaintext: opened.data().to_vec(),
                authenticated_data: opened.authenticated_data,
            }),
            _ => Err(Code::Malformed.into()),
        }
    }

    pub fn save(&mut self) -> Result<Saved> {
        self.group.write_to_storage_without_ratchet_tree()?;
        let epoch = self.epoch();
        let (tree, hash) = match &self.saved_tree {
            Some((saved, hash)) if *saved == epoch => (None, hash.clone()),
            _ => {
                let tree = self.group.export_tree().to_bytes()?;
                let hash = hash(&tree)?;
                (Some(tree), hash)
            }
        };
        self.saved_tree = Some((epoch, hash.clone()));
        let mut parts = self.store.parts();
        let oldest = self.oldest;
        parts.epochs.retain(|&epoch, _| epoch >= oldest);
        self.departed.retain(|epoch, _| parts.epochs.contains_key(epoch));
        let mut written = std::mem::take(&mut parts.written);
        written.sort_unstable();
        written.dedup();
        let epochs = written
            .into_iter()
            .filter_map(|epoch| parts.epochs.get(&epoch).map(|keys| (epoch, past_epoch(self.departed.get(&epoch), keys))))
            .collect();
        let mut state = Writer::default();
        state.u8(STATE_VERSION).u8(self.removed.into()).u64(oldest).u64(parts.newest.map_or(0, |newest| newest + 1)).bytes(&hash);
        state.bytes(parts.state.as_ref().ok_or(Code::EngineFailed)?);
        Ok(Saved { state: state.0, tree, epochs })
    }

    pub fn forget_epochs_before(&mut self, epoch: u64) {
        self.oldest = self.oldest.max(epoch.min(self.epoch()));
        let oldest = self.oldest;
        self.store.parts().epochs.retain(|&epoch, _| epoch >= oldest);
        self.departed.retain(|&epoch, _| epoch >= oldest);
    }

    pub(crate) fn load(
        client: &Client<Config>,
        store: GroupStore,
        secret: SignatureSecretKey,
        state: &[u8],
        tree: &[u8],
        epochs: &[(u64, &[u8])],
    ) -> Result<Self> {
        let mut reader = Reader(within(state, bounds::SAVED)?);
        if reader.u8()? != STATE_VERSION {
            return Err(Error::new(Code::Malformed, "another version of saved state"));
        }
        let (removed, oldest, newest) = (reader.u8()? == 1, reader.u64()?, reader.u64()?);
        let tree_hash = reader.bytes()?.to_vec();
        let kept = reader.bytes()?;
        reader.end()?;
        if hash(within(tree, bounds::WELCOME)?)? != tree_hash {
            return Err(Error::new(Code::Malformed, "a tree of another state"));
        }
        let mut departed = BTreeMap::new();
        {
            let mut parts = store.parts();
            parts.state = Some(Zeroizing::new(kept.to_vec()));
            parts.newest = newest.checked_sub(1);
            for &(epoch, bytes) in epochs {
                if epoch < oldest {
                    continue;
                }
                let (gone, keys) = read_past_epoch(within(bytes, bounds::SAVED)?)?;
                departed.insert(epoch, gone);
                parts.epochs.insert(epoch, Zeroizing::new(keys));
            }
        }
        let group = client.load_group_with_ratchet_tree(b"", ExportedTree::from_bytes(tree)?)?;
        let saved_tree = Some((group.current_epoch(), tree_hash));
        Ok(Self { group, store, secret, removed, saved_tree, departed, oldest })
    }

    fn still_in(&self) -> Result<()> {
        if self.removed { Err(Code::NotAMember.into()) } else { Ok(()) }
    }

    fn check(&self, framed: &Framed) -> Result<()> {
        if framed.group_id != self.id() {
            return Err(Code::WrongGroup.into());
        }
        if framed.epoch > self.epoch() { Err(Code::FutureEpoch.into()) } else { Ok(()) }
    }

    fn commit(&mut self, authenticated_data: &[u8]) -> Result<CommitBuilder<'_, Config>> {
        self.still_in()?;
        within(authenticated_data, bounds::AUTHENTICATED_DATA)?;
        if self.pending() {
            return Err(Code::PendingCommit.into());
        }
        Ok(self.group.commit_builder().authenticated_data(authenticated_data.to_vec()))
    }

    fn remember(&mut self, epoch: u64, changes: &Changes) {
        self.departed.insert(epoch, changes.departed.clone());
        while self.departed.len() > bounds::PAST_EPOCHS {
            self.departed.pop_first();
        }
    }

    /// Who held a leaf at a past epoch: who left it first since then, or who holds it now.
    fn past_sender(&self, epoch: u64, leaf: u32) -> Result<Option<Person>> {
        if epoch == self.epoch() {
            return Ok(None);
        }
        let gone = self.departed.range(epoch..).find_map(|(_, people)| people.iter().find(|person| person.leaf == leaf));
        match gone {
            Some(person) => Ok(Some(person.clone())),
            None => self.member(leaf),
        }
    }
}

const STATE_VERSION: u8 = 1;

fn pending(builder: CommitBuilder<'_, Config>) -> Result<Pending> {
    let made = builder.build()?;
    Ok(Pending {
        commit: made.commit_message.to_bytes()?,
        welcome: made.welcome_messages.first().map(|welcome| welcome.to_bytes()).transpose()?,
        group_info: made.external_commit_group_info.ok_or(Code::EngineFailed)?.to_bytes()?,
    })
}

/// A public message that holds a commit.
pub fn commit_message(handshake: &[u8]) -> Result<MlsMessage> {
    let message = header::message(handshake, header::PUBLIC)?;
    match message.description() {
        MlsMessageDescription::PublicProtocolMessage { content_type: ContentType::Commit, authenticated_data, .. } => {
            within(authenticated_data, bounds::AUTHENTICATED_DATA)?;
            Ok(message)
        }
        _ => Err(Error::new(Code::Malformed, "no commit")),
    }
}

pub fn hash(bytes: &[u8]) -> Result<Vec<u8>> {
    suite().hash(bytes).map_err(|e| Error::new(Code::EngineFailed, e.to_string()))
}

fn past_epoch(departed: Option<&Vec<Person>>, keys: &[u8]) -> Vec<u8> {
    let mut bytes = Writer::default();
    bytes.u8(STATE_VERSION).list(departed.map_or(&[][..], Vec::as_slice), |to, person| person.write(to)).bytes(keys);
    bytes.0
}

fn read_past_epoch(bytes: &[u8]) -> Result<(Vec<Person>, Vec<u8>)> {
    let mut reader = Reader(bytes);
    if reader.u8()? != STATE_VERSION {
        return Err(Error::new(Code::Malformed, "another version of saved epoch"));
    }
    let count = reader.u32()? as usize;
    if count > bounds::PER_COMMIT + 1 {
        return Err(Code::Malformed.into());
    }
    let departed = (0..count).map(|_| Person::read(&mut reader)).collect::<Result<_>>()?;
    let keys = reader.bytes()?.to_vec();
    reader.end()?;
    Ok((departed, keys))
}
