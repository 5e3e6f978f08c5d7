//! Who may do what. Whatever is not stated here is denied.

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Decides where data may go.
    Administrator,
    /// Decides what is sent and how often, over connections that are shared with them.
    Contributor,
    /// Only looks.
    Viewer,
    /// The system that holds the profiles: says that they were refreshed, and nothing else.
    Source,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Administrator, Self::Contributor, Self::Viewer, Self::Source];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Contributor => "contributor",
            Self::Viewer => "viewer",
            Self::Source => "source",
        }
    }
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// See a connection's settings, make, test, edit, share and remove one.
    ManageConnections,
    /// See a connection's name and type, and put it under an export.
    UseConnection,
    /// See exports, their status and runs.
    ViewExports,
    /// Make, edit, schedule, duplicate, detach and remove an export, and open its rejected profiles.
    EditExport,
    /// Run and cancel an export.
    RunExport,
    /// See segments.
    ViewSegments,
    /// Say which segments there are, and where their profiles are read.
    ManageSegments,
    /// Say that the source was refreshed.
    Refresh,
    /// Users, their roles and tokens.
    ManageUsers,
    /// Read the audit log.
    ViewAudit,
    /// Webhooks and their thresholds.
    ManageWebhooks,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::ManageConnections,
        Self::UseConnection,
        Self::ViewExports,
        Self::EditExport,
        Self::RunExport,
        Self::ViewSegments,
        Self::ManageSegments,
        Self::Refresh,
        Self::ManageUsers,
        Self::ViewAudit,
        Self::ManageWebhooks,
    ];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ManageConnections => "manage_connections",
            Self::UseConnection => "use_connection",
            Self::ViewExports => "view_exports",
            Self::EditExport => "edit_export",
            Self::RunExport => "run_export",
            Self::ViewSegments => "view_segments",
            Self::ManageSegments => "manage_segments",
            Self::Refresh => "refresh",
            Self::ManageUsers => "manage_users",
            Self::ViewAudit => "view_audit",
            Self::ManageWebhooks => "manage_webhooks",
        }
    }
}

/// With whom a connection is shared, as seen by one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// With administrators only, or with others by name.
    Withheld,
    /// With all contributors, or with this user by name.
    Shared,
    /// There is none: the export is detached, and the user made it.
    OwnDetached,
}

/// Whether a user of this role may do this. `sharing` is that of the connection concerned: that of the export, for what
/// is done to an export.
#[must_use]
pub const fn allowed(role: Role, action: Action, sharing: Sharing) -> bool {
    match role {
        Role::Administrator => true,
        Role::Contributor => match action {
            Action::ViewExports | Action::ViewSegments | Action::ManageSegments => true,
            // Whoever may use a connection may manage every export on it.
            Action::EditExport => !matches!(sharing, Sharing::Withheld),
            Action::UseConnection | Action::RunExport => matches!(sharing, Sharing::Shared),
            _ => false,
        },
        Role::Viewer => matches!(action, Action::ViewExports | Action::ViewSegments),
        Role::Source => matches!(action, Action::Refresh),
    }
}
