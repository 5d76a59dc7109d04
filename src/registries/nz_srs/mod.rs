//! NZ SRS: the registry of .nz until 2022. XML documents posted over HTTPS, each signed with OpenPGP.

pub mod codec;
