//! Holds the tests of this folder; see tests/.
