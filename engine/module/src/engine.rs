//! One device: makes key packages, makes and joins groups.

use crate::bounds::{self, within};
use crate::crypto::{Provider, SUITE, provider_with, suite};
use crate::error::{Code, Error, Result};
use crate::group::Group;
use crate::header;
use crate::identities::{Identities, record_of};
use crate::policy::{POLICY_EXTENSION, Policy, extensions_of};
use crate::record::Record;
use crate::rules::Rules;
use crate::signatures::Signatures;
use crate::storage::{GroupStore, OneKeyPackage};
use crate::wire::{Reader, Writer};
use mls_rs::client_builder::{BaseConfig, WithCryptoProvider, WithGroupStateStorage, WithIdentityProvider, WithKeyPackageRepo, WithMlsRules};
use mls_rs::extension::built_in::RatchetTreeExt;
use mls_rs::extension::recommended::LastResortKeyPackageExt;
use mls_rs::identity::SigningIdentity;
use mls_rs::identity::basic::BasicCredential;
use mls_rs::mls_rs_codec::{MlsDecode, MlsEncode};
use mls_rs::{CipherSuiteProvider, Client, ExtensionList};
use mls_rs_core::crypto::{HpkeCiphertext, HpkePublicKey, HpkeSecretKey, SignaturePublicKey, SignatureSecretKey};
use mls_rs_core::key_package::KeyPackageData;
use std::time::Duration;

pub type Config = WithKeyPackageRepo<
    OneKeyPackage,
    WithGroupStateStorage<GroupStore, WithMlsRules<Rules, WithIdentityProvider<Identities, WithCryptoProvider<Provider, BaseConfig>>>>,
>;

pub struct Engine {
    /// Of no meaning where signing is called out.
    secret: SignatureSecretKey,
    device_key: SignaturePublicKey,
    record: Vec<u8>,
    identities: Identities,
}

pub struct NewKeyPackage {
    pub key_package: Vec<u8>,
    pub reference: Vec<u8>,
    pub secret: Vec<u8>,
}

pub struct Welcomed {
    pub group: Group,
    /// The leaf whose holder signed the Welcome's GroupInfo: who made the commit that added this device (RFC 9420, 12.4.3.1).
    pub committer: u32,
}

pub struct Joined {
    pub group: Group,
    pub commit: Vec<u8>,
    pub group_info: Vec<u8>,
    pub replaced: Option<u32>,
}

impl Engine {
    pub fn new(secret: &[u8], device_key: &[u8], record: &[u8]) -> Result<Self> {
        Record::parse(record)?.verify(device_key)?;
        Ok(Self {
            secret: SignatureSecretKey::new_slice(secret),
            device_key: SignaturePublicKey::new_slice(device_key),
            record: record.to_vec(),
            identities: Identities::default(),
        })
    }

    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// A record signed anew, of the same device.
    pub fn renew_record(&mut self, record: &[u8]) -> Result<()> {
        let next = Record::parse(record)?;
        next.verify(&self.device_key)?;
        if next.device(&self.device_key) != Record::parse(&self.record)?.device(&self.device_key) {
            return Err(Error::new(Code::BadRecord, "of another device"));
        }
        self.record = record.to_vec();
        Ok(())
    }

    /// `now` and `lifetime` in seconds.
    pub fn key_package(&self, last_resort: bool, now: u64, lifetime: u64) -> Result<NewKeyPackage> {
        let kept = OneKeyPackage::default();
        let client = self.client(GroupStore::default(), kept.clone(), Duration::from_secs(lifetime));
        let mut extensions = ExtensionList::new();
        if last_resort {
            extensions.set_from(LastResortKeyPackageExt).map_err(|e| Error::new(Code::EngineFailed, e.to_string()))?;
        }
        let message = client.generate_key_package_message(extensions, ExtensionList::new(), Some(now.into()))?;
        let (reference, data) = kept.take().ok_or(Code::EngineFailed)?;
        let mut secret = Writer::default();
        secret.u8(1).bytes(&reference).bytes(&data.mls_encode_to_vec()?);
        Ok(NewKeyPackage { key_package: message.to_bytes()?, reference, secret: secret.0 })
    }

    pub fn create_group(&self, group_id: &[u8], policy: &[u8]) -> Result<Group> {
        if group_id.is_empty() {
            return Err(Code::Malformed.into());
        }
        within(group_id, bounds::GROUP_ID)?;
        let store = GroupStore::default();
        let client = self.client(store.clone(), OneKeyPackage::default(), YEAR);
        let group = client.create_group_with_id(group_id.to_vec(), extensions_of(policy)?, ExtensionList::new(), None)?;
        Ok(self.group(group, store))
    }

    pub fn welcome_references(&self, welcome: &[u8]) -> Result<Vec<Vec<u8>>> {
        let message = header::message(within(welcome, bounds::WELCOME)?, header::WELCOME)?;
        Ok(message.welcome_key_package_references().into_iter().map(|reference| reference.to_vec()).collect())
    }

    pub fn join(&self, welcome: &[u8], secret: &[u8]) -> Result<Welcomed> {
        let message = header::message(within(welcome, bounds::WELCOME)?, header::WELCOME)?;
        let (store, joining) = (GroupStore::default(), Joining::of(self));
        let client = joining.client(self, store.clone(), key_package_of(secret)?);
        let (group, info) = client.join_group(None, &message, None)?;
        joining.settle()?;
        self.check(group.context(), group.roster())?;
        Ok(Welcomed { group: self.group(group, store), committer: info.sender })
    }

    pub fn join_external(&self, group_info: &[u8], authenticated_data: &[u8]) -> Result<Joined> {
        within(authenticated_data, bounds::AUTHENTICATED_DATA)?;
        let message = header::message(within(group_info, bounds::WELCOME)?, header::GROUP_INFO)?;
        let replaced = self.own_leaf(message.as_group_info().ok_or(Code::Malformed)?)?;
        let (store, joining) = (GroupStore::default(), Joining::of(self));
        let client = joining.client(self, store.clone(), OneKeyPackage::default());
        let mut builder = client.external_commit_builder()?.with_authenticated_data(authenticated_data.to_vec());
        if let Some(leaf) = replaced {
            builder = builder.with_removal(leaf);
        }
        let (group, commit) = builder.build(message)?;
        joining.settle()?;
        self.check(group.context(), group.roster())?;
        let group = self.group(group, store);
        Ok(Joined { commit: commit.to_bytes()?, group_info: group.info()?, group, replaced })
    }

    /// What `Group::save` gave.
    pub fn load(&self, state: &[u8], tree: &[u8], epochs: &[(u64, &[u8])]) -> Result<Group> {
        let store = GroupStore::default();
        let client = self.client(store.clone(), OneKeyPackage::default(), YEAR);
        Group::load(&client, store, self.secret.clone(), state, tree, epochs)
    }

    pub fn hpke_key(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        let (secret, public) = suite().kem_generate().map_err(failed)?;
        Ok((secret.to_vec(), public.to_vec()))
    }

    pub fn hpke_seal(&self, to: &[u8], info: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
        let to = HpkePublicKey::from(to.to_vec());
        suite().kem_public_key_validate(&to).map_err(invalid)?;
        let sealed = suite().hpke_seal(&to, info, None, within(plaintext, bounds::PLAINTEXT)?).map_err(invalid)?;
        Ok(sealed.mls_encode_to_vec()?)
    }

    pub fn hpke_open(&self, secret: &[u8], public: &[u8], info: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let mut rest = within(sealed, bounds::SEALED)?;
        let sealed = HpkeCiphertext::mls_decode(&mut rest)?;
        Reader(rest).end()?;
        suite().kem_public_key_validate(&HpkePublicKey::from(sealed.kem_output.clone())).map_err(invalid)?;
        let (secret, public) = (HpkeSecretKey::from(secret.to_vec()), HpkePublicKey::from(public.to_vec()));
        Ok(suite().hpke_open(&sealed, &secret, &public, info, None).map_err(invalid)?.to_vec())
    }

    fn group(&self, group: mls_rs::Group<Config>, store: GroupStore) -> Group {
        Group::new(group, store, self.secret.clone())
    }

    /// A client for one group or one join: what it stores is that group's alone.
    fn client(&self, store: GroupStore, packages: OneKeyPackage, lifetime: Duration) -> Client<Config> {
        self.client_by(Signatures::default(), self.identities.clone(), store, packages, lifetime)
    }

    fn client_by(
        &self,
        signatures: Signatures,
        identities: Identities,
        store: GroupStore,
        packages: OneKeyPackage,
        lifetime: Duration,
    ) -> Client<Config> {
        Client::builder()
            .crypto_provider(provider_with(signatures))
            .identity_provider(identities)
            .mls_rules(Rules)
            .group_state_storage(store)
            .key_package_repo(packages)
            .extension_type(POLICY_EXTENSION)
            .key_package_lifetime(lifetime)
            .signing_identity(signing_identity(&self.record, &self.device_key), self.secret.clone(), SUITE)
            .build()
    }

    /// The leaf of this device, if the group has it already.
    fn own_leaf(&self, info: &mls_rs::group::GroupInfo) -> Result<Option<u32>> {
        let tree = info.extensions().get_as::<RatchetTreeExt>().map_err(|_| Code::Malformed)?;
        let tree = tree.ok_or_else(|| Error::new(Code::Malformed, "a GroupInfo without tree"))?;
        let own = Record::parse(&self.record)?.device(&self.device_key);
        for member in tree.tree_data.roster().members_iter() {
            let key = &member.signing_identity.signature_key;
            if *key == self.device_key && record_of(&member.signing_identity)?.device(key) == own {
                return Ok(Some(member.index));
            }
        }
        Ok(None)
    }

    /// A group that somebody else has made: of this server, and with a policy.
    fn check(&self, context: &mls_rs::group::GroupContext, roster: mls_rs::group::Roster) -> Result<()> {
        within(&context.group_id, bounds::GROUP_ID)?;
        Policy::of(&context.extensions)?;
        let server = Record::parse(&self.record)?.server;
        for leaf in roster.member_identities_iter() {
            if record_of(leaf)?.server != server {
                return Err(Error::new(Code::NotAllowed, "a group of another server"));
            }
        }
        Ok(())
    }
}

/// One join: the signatures of all members are checked at once, before there is a group. That is three times as fast as one by one.
struct Joining {
    signatures: Signatures,
    identities: Identities,
}

impl Joining {
    fn of(engine: &Engine) -> Self {
        let signatures = Signatures::gather();
        Self { identities: engine.identities.joining(signatures.clone()), signatures }
    }

    fn client(&self, engine: &Engine, store: GroupStore, packages: OneKeyPackage) -> Client<Config> {
        engine.client_by(self.signatures.clone(), self.identities.clone(), store, packages, YEAR)
    }

    /// To be called before anything is done with the group.
    fn settle(&self) -> Result<()> {
        self.identities.settle()
    }
}

pub fn signing_identity(record: &[u8], device_key: &SignaturePublicKey) -> SigningIdentity {
    SigningIdentity::new(BasicCredential::new(record.to_vec()).into_credential(), device_key.clone())
}

/// Of a leaf that goes into no key package: nobody sees it.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn key_package_of(secret: &[u8]) -> Result<OneKeyPackage> {
    let mut reader = Reader(within(secret, bounds::SAVED)?);
    if reader.u8()? != 1 {
        return Err(Error::new(Code::Malformed, "another version of key package secret"));
    }
    let reference = reader.bytes()?.to_vec();
    let data = KeyPackageData::mls_decode(&mut reader.bytes()?)?;
    reader.end()?;
    Ok(OneKeyPackage::with(reference, data))
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::new(Code::EngineFailed, error.to_string())
}

fn invalid(error: impl std::fmt::Display) -> Error {
    Error::new(Code::Invalid, error.to_string())
}
