//! The device record's bytes, held to the vectors that TypeScript is held to.

use engine::Record;
use serde_json::Value;

#[test]
fn vectors() {
    let text = include_str!("../../../test/vectors/device-record.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let device_key = hex::decode(vectors["deviceKey"].as_str().unwrap()).unwrap();
    let bytes = |vector: &Value| hex::decode(vector["record"].as_str().unwrap()).unwrap();
    let list = |name: &str| vectors[name].as_array().unwrap().clone();
    assert!(!list("good").is_empty() && !list("bad").is_empty());
    for vector in list("good") {
        let bytes = bytes(&vector);
        let record = Record::parse(&bytes).unwrap();
        record.verify(&device_key).unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        assert_eq!(hex::encode(record.user_key), vector["userKey"].as_str().unwrap());
        assert_eq!(record.not_after.to_string(), vector["notAfter"].as_str().unwrap());
        assert!(record.verify(&[7; 32]).is_err(), "{} for another device", vector["name"]);
    }
    for vector in list("bad") {
        let bytes = bytes(&vector);
        let held = Record::parse(&bytes).and_then(|record| record.verify(&device_key));
        assert!(held.is_err(), "{}", vector["name"]);
    }
}
