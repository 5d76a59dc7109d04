//! The registries of a world, and who is whose account.

/// The account the tests are about.
pub const ACCOUNT: &str = "DENIC-1000001";
/// An account nothing befalls: what it gets done proves that the daemon goes on looking for work.
pub const OTHER: &str = "DENIC-1000002";

/// The same at OpenSRS.
pub const RESELLER: &str = "reseller1";
pub const OTHER_RESELLER: &str = "reseller2";

/// The same at a registry that speaks RRP.
pub const REGISTRAR: &str = "registrarA";
pub const OTHER_REGISTRAR: &str = "registrarB";

/// The same at NZ SRS.
pub const SIGNER: &str = "90";
pub const OTHER_SIGNER: &str = "91";

/// Which registry there is, and how it is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    Denic,
    OpensrsByHttps,
    OpensrsByTcp,
    Rrp,
    NzSrs,
}

impl Place {
    /// The registry's name, as everywhere but in the ready line.
    pub fn registry(self) -> &'static str {
        match self {
            Self::Denic => "denic-rri",
            Self::OpensrsByHttps | Self::OpensrsByTcp => "opensrs",
            Self::Rrp => "rrp",
            Self::NzSrs => "nz-srs",
        }
    }

    /// Two accounts: the one the tests are about, and another one.
    pub fn accounts(self) -> [&'static str; 2] {
        match self {
            Self::Denic => [ACCOUNT, OTHER],
            Self::OpensrsByHttps | Self::OpensrsByTcp => [RESELLER, OTHER_RESELLER],
            Self::Rrp => [REGISTRAR, OTHER_REGISTRAR],
            Self::NzSrs => [SIGNER, OTHER_SIGNER],
        }
    }
}
