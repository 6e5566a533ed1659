//! RFC 9420's vectors of passive clients, for our suite: mls-rs as we build it, over our provider (which verifies signatures by our rule).
//! Not through `Engine`: their credentials are no device records and their groups have no policy, which it refuses.
//!
//! The files are not ours and not in this repository: MLS_VECTORS names the folder that holds them, `test-vectors` of
//! https://github.com/mlswg/mls-implementations. Without it nothing runs, and the test says so.

use engine::{SUITE, provider, suite};
use mls_rs::client_builder::ClientBuilder;
use mls_rs::group::ExportedTree;
use mls_rs::identity::basic::BasicIdentityProvider;
use mls_rs::mls_rs_codec::{MlsDecode as _, MlsEncode as _};
use mls_rs::psk::ExternalPskId;
use mls_rs::storage_provider::in_memory::InMemoryKeyPackageStorage;
use mls_rs::{KeyPackage, MlsMessage};
use mls_rs_core::key_package::KeyPackageData;
use serde_json::Value;

/// Files, and how many cases of ours each has at the least.
const FILES: [(&str, usize); 3] =
    [("passive-client-welcome.json", 8), ("passive-client-handling-commit.json", 13), ("passive-client-random.json", 1)];

#[test]
fn passive_clients() {
    let Ok(folder) = std::env::var("MLS_VECTORS") else {
        println!("skipped: MLS_VECTORS names no folder with RFC 9420's vectors");
        return;
    };
    for (file, least) in FILES {
        let text = std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
        let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
        let ours: Vec<_> = cases.iter().filter(|case| case["cipher_suite"] == u16::from(SUITE)).collect();
        assert!(ours.len() >= least, "{file} has {} cases of ours", ours.len());
        let epochs: usize = ours.iter().enumerate().map(|(nth, case)| run(&format!("{file}, case {nth}"), case)).sum();
        println!("{file}: {} cases, {epochs} commits", ours.len());
    }
}

/// How many commits it had.
fn run(name: &str, case: &Value) -> usize {
    let message = MlsMessage::from_bytes(&bytes(&case["key_package"])).unwrap();
    let package: KeyPackage = message.into_key_package().unwrap();
    let packages = kept(&package, case);
    let mut builder = ClientBuilder::new().crypto_provider(provider()).identity_provider(BasicIdentityProvider::new()).key_package_repo(packages);
    for psk in list(&case["external_psks"]) {
        builder = builder.psk(ExternalPskId::new(bytes(&psk["psk_id"])), bytes(&psk["psk"]).into());
    }
    let identity = package.signing_identity().clone();
    let client = builder.signing_identity(identity, bytes(&case["signature_priv"]).into(), SUITE).build();
    let tree = case["ratchet_tree"].as_str().map(|tree| ExportedTree::from_bytes(&hex::decode(tree).unwrap()).unwrap());
    let welcome = MlsMessage::from_bytes(&bytes(&case["welcome"])).unwrap();
    let (mut group, _) = client.join_group(tree, &welcome, None).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    assert_eq!(group.epoch_authenticator().unwrap().to_vec(), bytes(&case["initial_epoch_authenticator"]), "{name}");
    for (nth, epoch) in list(&case["epochs"]).iter().enumerate() {
        for handshake in list(&epoch["proposals"]).iter().chain([&epoch["commit"]]) {
            let message = MlsMessage::from_bytes(&bytes(handshake)).unwrap();
            group.process_incoming_message(message).unwrap_or_else(|error| panic!("{name}, epoch {nth}: {error:?}"));
        }
        assert_eq!(group.epoch_authenticator().unwrap().to_vec(), bytes(&epoch["epoch_authenticator"]), "{name}, epoch {nth}");
    }
    list(&case["epochs"]).len()
}

fn kept(package: &KeyPackage, case: &Value) -> InMemoryKeyPackageStorage {
    let packages = InMemoryKeyPackageStorage::new();
    let encoded = package.mls_encode_to_vec().unwrap();
    assert_eq!(KeyPackage::mls_decode(&mut &*encoded).unwrap(), *package);
    let (init, leaf) = (bytes(&case["init_priv"]).into(), bytes(&case["encryption_priv"]).into());
    let reference = package.to_reference(&suite()).unwrap().to_vec();
    packages.insert(reference, KeyPackageData::new(encoded, init, leaf, u64::MAX));
    packages
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}
