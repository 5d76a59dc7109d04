//! Answer to a QUEUE-READ.

use jiff::Timestamp;

use super::super::super::clock::Clock;
use super::super::notice::Queued;
use super::super::rules::names::{self, Name};
use super::super::wire::node::Node;
use super::super::wire::xml_message;
use super::super::wire::{KvBody, Shape, Version};
use crate::model::Message;

/// The oldest message, and how many there are.
pub(in super::super) struct QueueHead {
    pub(in super::super) count: usize,
    pub(in super::super) head: MessageView,
}

/// Nothing to read: a count of zero, and in XML no data at all.
pub(in super::super) struct EmptyQueue;

impl Shape for EmptyQueue {
    fn kv(&self, body: &mut KvBody, _: Version) {
        body.line("Msgcnt", "0");
    }

    fn xml(&self, _: Version) -> Option<Node> {
        None
    }
}

/// A message ready to be written.
pub(in super::super) struct MessageView {
    queued: Queued,
    name: Option<Name>,
    /// The domain that is deleted first.
    deleted: Option<Name>,
    dedelegation: Option<String>,
    deletion: Option<String>,
    expire: Option<String>,
    authinfo_expire: Option<String>,
    coded: Vec<Message>,
}

impl MessageView {
    /// Of a message in the queue.
    pub(in super::super) fn of(queued: &Queued, clock: &Clock) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| clock.wire(at));
        let notice = &queued.notice;
        let as_given = |text: &String| Name { ace: text.clone(), unicode: text.clone() };
        let name =
            |text: &Option<String>| text.as_ref().map(|text| names::read(text).unwrap_or_else(|| as_given(text)));
        Self {
            name: name(&notice.domain),
            deleted: name(&notice.deletion_domain).or(name(&notice.domain)),
            dedelegation: time(notice.dedelegation),
            deletion: time(notice.deletion),
            expire: time(notice.expire),
            authinfo_expire: time(notice.authinfo_expire),
            coded: notice.coded(clock),
            queued: queued.clone(),
        }
    }

    fn domain_lines(body: &mut KvBody, name: Option<&Name>) {
        if let Some(name) = name {
            body.line("Domain", &name.unicode);
            body.line("Domain-ace", &name.ace);
        }
    }

    fn domain_node(&self, name: Option<&Name>) -> Option<Node> {
        let name = name?;
        let node = Node::new("msg:domain")
            .child(Node::leaf("msg:handle", &name.unicode))
            .child(Node::leaf("msg:ace", &name.ace));
        Some(node.children(self.expire.iter().map(|expire| Node::leaf("msg:expire", expire))))
    }
}

impl Shape for QueueHead {
    fn kv(&self, body: &mut KvBody, _: Version) {
        let view = &self.head;
        let notice = &view.queued.notice;
        let is_for_contact = notice.is("contactVerificationRequired");
        body.line("Msgcnt", &self.count.to_string());
        body.line("Msgtime", &view.queued.time);
        body.line("Msgid", &view.queued.id);
        body.line("Msgtype", &notice.kind);
        if !is_for_contact {
            MessageView::domain_lines(body, view.name.as_ref());
        }
        body.lines(if notice.is("domainStatusUpdate") { "Holder" } else { "Handle" }, &notice.handles);
        body.lines("Status", &notice.status);
        if !is_for_contact {
            body.lines("VerificationDeadlineBeforeDedelegation", &view.dedelegation);
            body.lines("VerificationDeadlineBeforeDeletion", &view.deletion);
        } else {
            body.lines("VerificationClaim", &notice.claims);
        }
        body.lines("Expire", &view.expire);
        body.lines("Authinfoexpire", &view.authinfo_expire);
        body.lines("Chprov-to", &notice.chprov_to);
        body.lines("Chprov-from", &notice.chprov_from);
        body.lines("NumberOfReferencedDomainsTotal", &notice.domains_total.map(|n| n.to_string()));
        notice.fields.iter().for_each(|(keyword, value)| body.line(keyword, value));
        view.coded.iter().for_each(|message| body.message("Message", message));
        if is_for_contact {
            for (section, keyword, name, date) in [
                (
                    "earliest domain for dedelegation",
                    "VerificationDeadlineBeforeDedelegation",
                    &view.name,
                    &view.dedelegation,
                ),
                ("earliest domain for deletion", "VerificationDeadlineBeforeDeletion", &view.deleted, &view.deletion),
            ] {
                if let Some(date) = date {
                    body.section(section);
                    MessageView::domain_lines(body, name.as_ref());
                    body.line(keyword, date);
                }
            }
        }
    }

    fn xml(&self, version: Version) -> Option<Node> {
        let view = &self.head;
        let body = Node::new(&format!("msg:{}", view.queued.notice.kind))
            .children(if view.queued.notice.is("contactVerificationRequired") {
                view.contact_nodes()
            } else {
                view.nodes()
            })
            .children(view.coded.iter().map(|message| xml_message("msg:message", message)));
        let message = Node::new("msg:message")
            .attribute("xmlns:msg", &version.namespace("msg"))
            .attribute("msgid", &view.queued.id)
            .attribute("msgcnt", &self.count.to_string())
            .attribute("msgtime", &view.queued.time)
            .child(body);
        Some(message)
    }
}

impl MessageView {
    fn nodes(&self) -> Vec<Node> {
        let notice = &self.queued.notice;
        let mut nodes: Vec<Node> = self.domain_node(self.name.as_ref()).into_iter().collect();
        let handles = notice.handles.iter().map(|handle| Node::leaf("msg:handle", handle));
        if notice.is("domainStatusUpdate") {
            nodes.push(Node::new("msg:holders").children(handles));
        } else if notice.is("contactUpdate") {
            nodes.push(Node::new("msg:contact").children(handles));
        } else {
            nodes.extend(handles);
        }
        let leaves = [
            ("msg:status", &notice.status),
            ("msg:verificationDeadlineBeforeDedelegation", &self.dedelegation),
            ("msg:verificationDeadlineBeforeDeletion", &self.deletion),
            ("msg:authinfoexpire", &self.authinfo_expire),
            ("msg:new", &notice.chprov_to),
            ("msg:old", &notice.chprov_from),
        ];
        nodes.extend(leaves.into_iter().filter_map(|(name, value)| Some(Node::leaf(name, value.as_ref()?))));
        nodes.extend(notice.fields.iter().map(|(keyword, value)| Node::leaf(&format!("msg:{keyword}"), value)));
        nodes
    }

    fn contact_nodes(&self) -> Vec<Node> {
        let notice = &self.queued.notice;
        let mut nodes: Vec<Node> = notice.handles.iter().map(|handle| Node::leaf("msg:handle", handle)).collect();
        let claims = notice.claims.iter().map(|claim| Node::leaf("msg:claim", claim));
        nodes.push(Node::new("msg:verificationClaims").children(claims));
        let total =
            notice.domains_total.map(|total| Node::leaf("msg:numberOfReferencedDomainsTotal", &total.to_string()));
        nodes.extend(total);
        for (element, name, date) in [
            ("msg:earliestDomainForDedelegation", &self.name, &self.dedelegation),
            ("msg:earliestDomainForDeletion", &self.deleted, &self.deletion),
        ] {
            nodes.extend(date.as_ref().map(|date| {
                Node::new(element)
                    .children(self.domain_node(name.as_ref()))
                    .child(Node::leaf("msg:verificationDeadline", date))
            }));
        }
        nodes
    }
}
