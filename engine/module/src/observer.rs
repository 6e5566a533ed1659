//! A group's public state, as the server follows it.

use crate::bounds::{self, within};
use crate::changes::{Changes, Person};
use crate::crypto::{Provider, provider, suite};
use crate::error::{Code, Error, Result};
use crate::group::{commit_message, hash};
use crate::header;
use crate::identities::{Identities, record_bytes, record_of};
use crate::policy::{POLICY_EXTENSION, Policy};
use crate::record::Record;
use crate::rules::Rules;
use crate::wire::{Reader, Writer};
use mls_rs::external_client::builder::{ExternalBaseConfig, WithCryptoProvider, WithIdentityProvider, WithMlsRules};
use mls_rs::external_client::{ExternalClient, ExternalGroup, ExternalReceivedMessage, ExternalSnapshot};
use mls_rs::group::ExportedTree;
use mls_rs::group::proposal::Proposal;
use mls_rs_core::extension::ExtensionType;

type Config = WithMlsRules<Rules, WithIdentityProvider<Identities, WithCryptoProvider<Provider, ExternalBaseConfig>>>;

pub struct Observer {
    group: ExternalGroup<Config>,
    staged: Option<ExternalGroup<Config>>,
    saved_tree: Option<(u64, Vec<u8>)>,
}

pub struct Staged {
    pub changes: Changes,
    /// The policy that the group has after it, as bytes.
    pub policy: Vec<u8>,
    /// References of the key packages that it adds.
    pub key_packages: Vec<Vec<u8>>,
}

pub struct InspectedKeyPackage {
    pub reference: Vec<u8>,
    pub record: Vec<u8>,
    pub device_key: Vec<u8>,
    pub last_resort: bool,
    pub not_after: u64,
}

impl Observer {
    pub fn observe(group_info: &[u8]) -> Result<Self> {
        let message = header::message(within(group_info, bounds::WELCOME)?, header::GROUP_INFO)?;
        let group = client().observe_group(message, None, None)?;
        within(&group.group_context().group_id, bounds::GROUP_ID)?;
        Policy::of(&group.group_context().extensions)?;
        Ok(Self { group, staged: None, saved_tree: None })
    }

    pub fn load(state: &[u8], tree: &[u8]) -> Result<Self> {
        let mut reader = Reader(within(state, bounds::SAVED)?);
        if reader.u8()? != STATE_VERSION {
            return Err(Error::new(Code::Malformed, "another version of saved observer"));
        }
        let tree_hash = reader.bytes()?.to_vec();
        let snapshot = ExternalSnapshot::from_bytes(reader.bytes()?)?;
        reader.end()?;
        if hash(within(tree, bounds::WELCOME)?)? != tree_hash {
            return Err(Error::new(Code::Malformed, "a tree of another state"));
        }
        let group = client().load_group_with_ratchet_tree(snapshot, ExportedTree::from_bytes(tree)?)?;
        let saved_tree = Some((group.group_context().epoch, tree_hash));
        Ok(Self { group, staged: None, saved_tree })
    }

    pub fn id(&self) -> &[u8] {
        &self.group.group_context().group_id
    }

    pub fn epoch(&self) -> u64 {
        self.group.group_context().epoch
    }

    pub fn policy(&self) -> Vec<u8> {
        policy_of(&self.group)
    }

    pub fn members(&self) -> Result<Vec<Person>> {
        self.group.roster().members_iter().map(|member| Person::of(&member)).collect()
    }

    /// What a commit would change; `now` in seconds.
    pub fn stage(&mut self, commit: &[u8], now: u64) -> Result<Staged> {
        self.staged = None;
        let framed = header::framed(within(commit, bounds::HANDSHAKE)?, header::PUBLIC)?;
        if framed.group_id != self.id() {
            return Err(Code::WrongGroup.into());
        }
        if framed.epoch != self.epoch() {
            return Err(if framed.epoch > self.epoch() { Code::FutureEpoch } else { Code::PastEpoch }.into());
        }
        let message = commit_message(commit)?;
        let path = message.commit_path_leaf_node().map(|leaf| leaf.signing_identity.clone());
        let key_packages = added(&message)?;
        let mut next = self.group.clone();
        let changes = match next.process_incoming_message_with_time(message, now.into())? {
            ExternalReceivedMessage::Commit(commit) => Changes::of(&commit, &next.roster(), path.as_ref())?,
            _ => return Err(Code::Malformed.into()),
        };
        for person in changes.added.iter().chain(&changes.renewed) {
            if Record::parse(&person.record)?.expired(now) {
                return Err(Error::new(Code::NotAllowed, "a device record that has expired"));
            }
        }
        let policy = policy_of(&next);
        self.staged = Some(next);
        Ok(Staged { changes, policy, key_packages })
    }

    /// Whether a GroupInfo is that of the epoch that the staged commit makes, with tree and for external joins.
    pub fn staged_matches(&self, group_info: &[u8]) -> Result<bool> {
        let mut staged = self.staged.clone().ok_or(Code::NoPendingCommit)?;
        let message = header::message(within(group_info, bounds::WELCOME)?, header::GROUP_INFO)?;
        let info = message.as_group_info().ok_or(Code::Malformed)?;
        let whole = info.extensions().has_extension(ExtensionType::RATCHET_TREE) && info.extensions().has_extension(ExtensionType::EXTERNAL_PUB);
        Ok(whole && staged.process_incoming_message(message).is_ok())
    }

    /// The references that a Welcome is for.
    pub fn welcome_references(welcome: &[u8]) -> Result<Vec<Vec<u8>>> {
        let message = header::message(within(welcome, bounds::WELCOME)?, header::WELCOME)?;
        Ok(message.welcome_key_package_references().into_iter().map(|reference| reference.to_vec()).collect())
    }

    pub fn accept(&mut self) -> Result<()> {
        self.group = self.staged.take().ok_or(Code::NoPendingCommit)?;
        Ok(())
    }

    pub fn save(&mut self) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        let epoch = self.epoch();
        let (tree, tree_hash) = match &self.saved_tree {
            Some((saved, hash)) if *saved == epoch => (None, hash.clone()),
            _ => {
                let tree = self.group.exported_tree().to_bytes()?;
                let hash = hash(&tree)?;
                (Some(tree), hash)
            }
        };
        self.saved_tree = Some((epoch, tree_hash.clone()));
        let mut state = Writer::default();
        state.u8(STATE_VERSION).bytes(&tree_hash).bytes(&self.group.snapshot_without_ratchet_tree().to_bytes()?);
        Ok((state.0, tree))
    }
}

/// What the server may know of a key package before it keeps it; `now` in seconds: it must not have expired.
pub fn inspect_key_package(bytes: &[u8], now: u64) -> Result<InspectedKeyPackage> {
    let message = header::message(within(bytes, bounds::KEY_PACKAGE)?, header::KEY_PACKAGE)?;
    let package = client().validate_key_package(message, Some(now.into()))?;
    let leaf = package.signing_identity();
    if record_of(leaf)?.expired(now) {
        return Err(Error::new(Code::NotAllowed, "a device record that has expired"));
    }
    Ok(InspectedKeyPackage {
        reference: package.to_reference(&suite())?.to_vec(),
        record: record_bytes(leaf)?.to_vec(),
        device_key: leaf.signature_key.as_bytes().to_vec(),
        last_resort: package.extensions.has_extension(ExtensionType::LAST_RESORT_KEY_PACKAGE),
        not_after: package.expiration()?.seconds_since_epoch(),
    })
}

const STATE_VERSION: u8 = 1;

fn client() -> ExternalClient<Config> {
    ExternalClient::builder()
        .crypto_provider(provider())
        .identity_provider(Identities::default())
        .mls_rules(Rules)
        .extension_type(POLICY_EXTENSION)
        .cache_proposals(false)
        .build()
}

fn policy_of(group: &ExternalGroup<Config>) -> Vec<u8> {
    group.group_context().extensions.get(POLICY_EXTENSION).map(|e| e.extension_data().to_vec()).unwrap_or_default()
}

fn added(message: &mls_rs::MlsMessage) -> Result<Vec<Vec<u8>>> {
    message
        .proposals_by_value()
        .into_iter()
        .filter_map(|proposal| match proposal {
            Proposal::Add(add) => Some(add.key_package()),
            _ => None,
        })
        .map(|package| Ok(package.to_reference(&suite())?.to_vec()))
        .collect()
}

impl Staged {
    pub fn write(&self, to: &mut Writer) {
        self.changes.write(to);
        to.bytes(&self.policy).list(&self.key_packages, |to, reference| {
            to.bytes(reference);
        });
    }
}
