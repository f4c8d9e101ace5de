"""The lines of IronPort Text Mail Logs: what happens to each message and each connection.

An Info log shows DANE by one thing alone: `TLS success` ends in ` for DOMAIN` exactly when DANE
succeeded (TechNote 214794). The ways to that verdict are written at Debug.

The wording of receiving and delivering is that of published logs, of several versions from 4.5 to
12. The two delays (`Delayed: DCID ...`), what stands for a route to /dev/null and the DANE lines at
Debug are from memory or inferred from their neighbours: no sample of them is published. A delay
warning is generated as a bounce is, and told in the same words.
"""

from esashell import events as e
from esashell.config.model.logs import LogLevel
from esashell.logs.render.dns import DNS
from esashell.logs.render.line import Form, Lines, Table


def _injection(it: e.InjectionConnection, form: Form) -> tuple[str, ...]:
    verified = "yes" if it.verified else "no"
    return (
        f"New SMTP ICID {it.icid} interface {it.interface} ({it.interface_address}) "
        f"address {it.address} reverse dns host {it.host} verified {verified}",
    )


def _sender_group(it: e.SenderGroupMatched, form: Form) -> tuple[str, ...]:
    return (
        f"ICID {it.icid} {it.behavior} SG {it.group} match {it.match} SBRS {it.reputation} "
        f"country {it.country}",
    )


def _injection_tls(it: e.InjectionTls, form: Form) -> tuple[str, ...]:
    return (f"ICID {it.icid} TLS success protocol {it.protocol} cipher {it.cipher}",)


def _injection_tls_failed(it: e.InjectionTlsFailed, form: Form) -> tuple[str, ...]:
    return (f"ICID {it.icid} TLS failed: {it.reason}",)


def _started(it: e.MessageStarted, form: Form) -> tuple[str, ...]:
    mid, both = it.mid, f"MID {it.mid} ICID {it.icid}"
    lines = [f"MID {mid} was generated for bounce of MID {it.bounce_of}"] if it.bounce_of else []
    lines += [f"Start {both}", f"{both} From: <{it.sender}>"]
    lines += [f"{both} RID {rid} To: <{each}>" for rid, each in enumerate(it.recipients)]
    if it.message_id and form.settings.message_id_headers:
        lines.append(f"MID {mid} Message-ID '{it.message_id}'")
    if it.subject and form.settings.original_subject:
        lines.append(f'MID {mid} Subject "{it.subject}"')
    lines.append(f"MID {mid} ready {it.size} bytes from <{it.sender}>")
    return tuple(lines)


def _recipient_rejected(it: e.RecipientRejected, form: Form) -> tuple[str, ...]:
    return (f"MID {it.mid} ICID {it.icid} To: <{it.recipient}> Rejected by {it.by}",)


def _queued(it: e.MessageQueued, form: Form) -> tuple[str, ...]:
    return (
        f"MID {it.mid} matched all recipients for per-recipient policy {it.policy} "
        f"in the {it.table} table",
        f"MID {it.mid} queued for delivery",
    )


def _aborted(it: e.MessageAborted, form: Form) -> tuple[str, ...]:
    return (f"Message aborted MID {it.mid} Dropped by {it.by}",)


def _injection_closed(it: e.InjectionClosed, form: Form) -> tuple[str, ...]:
    return (f"ICID {it.icid} {'lost' if it.lost else 'close'}",)


def _delivery(it: e.DeliveryConnection, form: Form) -> tuple[str, ...]:
    return (
        f"New SMTP DCID {it.dcid} interface {it.interface} address {it.address} port {it.port}",
    )


def _connection_failed(it: e.ConnectionFailed, form: Form) -> tuple[str, ...]:
    return (
        f"Connection Error: DCID {it.dcid} domain: {it.domain} IP: {it.address} port: {it.port} "
        f"details: {it.details} interface: {it.interface} reason: {it.reason}",
    )


def _tls(it: e.TlsNegotiated, form: Form) -> tuple[str, ...]:
    suffix = f" for {it.dane_domain}" if it.dane_domain else ""
    return (f"DCID {it.dcid} TLS success protocol {it.protocol} cipher {it.cipher}{suffix}",)


def _tls_failed(it: e.TlsFailed, form: Form) -> tuple[str, ...]:
    return (f"DCID {it.dcid} TLS failed: {it.reason}",)


def _tls_missing(it: e.TlsMissing, form: Form) -> tuple[str, ...]:
    return (
        f"DCID {it.dcid} IP {it.address} TLS was required but could not be successfully negotiated",
    )


def _dane_tried(it: e.DaneTried, form: Form) -> tuple[str, ...]:
    return (f"Trying DANE {it.mode.upper()} for {it.domain}",)


def _dane_record(it: e.DaneRecordFound, form: Form) -> tuple[str, ...]:
    match it.rdtype:
        case "MX":
            return (f"{it.security} MX record({it.mx_host}) found for {it.domain}",)
        case "TLSA":
            return (f"{it.security} TLSA Record found for MX({it.mx_host}) in {it.domain}",)
    return (
        f"{it.security} {it.rdtype} record ({it.value}) found for MX({it.mx_host}) in {it.domain}",
    )


def _dane_verified(it: e.DaneVerified, form: Form) -> tuple[str, ...]:
    return (f"DCID {it.dcid} DANE success for {it.domain}",)


def _dane_failed(it: e.DaneFailed, form: Form) -> tuple[str, ...]:
    return (f"DCID {it.dcid} DANE failed for the domain {it.domain}: reason: {it.reason}",)


def _dane_fell_back(it: e.DaneFellBack, form: Form) -> tuple[str, ...]:
    return (f"DANE falls back to conventional TLS for {it.domain}: reason: {it.reason}",)


def _delivery_started(it: e.DeliveryStarted, form: Form) -> tuple[str, ...]:
    return (f"Delivery start DCID {it.dcid} MID {it.mid} to RID {list(it.rids)}",)


def _delivered(it: e.Delivered, form: Form) -> tuple[str, ...]:
    rids = list(it.rids)
    headers = repr(list(it.headers)) if it.headers else ""
    done = f"Message done DCID {it.dcid} MID {it.mid} to RID {rids} {headers}"
    if not form.settings.remote_response:
        return (done,)
    return done, f"MID {it.mid} RID {rids} Response '{it.response}'"


def _discarded(it: e.Discarded, form: Form) -> tuple[str, ...]:
    rids = list(it.rids)
    done = f"Message done DCID 0 MID {it.mid} to RID {rids} "
    return done, f"MID {it.mid} RID {rids} Response '/dev/null'"


def _deleted(it: e.Deleted, form: Form) -> tuple[str, ...]:
    return (f"Deleted: MID {it.mid} to {list(it.rids)}",)


def _remarked(it: e.Remarked, form: Form) -> tuple[str, ...]:
    return (it.text,)


def _deferred(it: e.Deferred, form: Form) -> tuple[str, ...]:
    line = f"Delayed: DCID {it.dcid} MID {it.mid} to RID {it.rid} - {why(it)} []"
    if not it.until:
        return (line,)
    pending = f"MID {it.mid} to RID [{it.rid}] pending till {form.dated(it.until)} [{it.profile}]"
    return line, pending


def _bounced(it: e.Bounced, form: Form) -> tuple[str, ...]:
    if it.double:
        return (f"Double bounce: MID {it.mid} to {it.rid} - {why(it)} []",)
    return (f"Bounced: DCID {it.dcid} MID {it.mid} to RID {it.rid} - {why(it)} []",)


def why(it: e.Bounced | e.Deferred) -> str:
    """Status, text and what was said: `5.1.0 - Unknown address error ('550', ['...'])`."""
    return f"{it.status} - {it.text} {response(it)}"


def response(it: e.Bounced | e.Deferred) -> str:
    return repr((f"{it.code:03}", list(it.response)))


def _finished(it: e.MessageFinished, form: Form) -> tuple[str, ...]:
    return (f"Message finished MID {it.mid} done",)


def _delivery_closed(it: e.DeliveryClosed, form: Form) -> tuple[str, ...]:
    return (f"DCID {it.dcid} close",)


def _destination_unknown(it: e.DestinationUnknown, form: Form) -> tuple[str, ...]:
    return (f"DNS Temporary Failure {it.domain} {it.rdtype} - {it.result}",)


INFO, DEBUG = LogLevel.INFORMATION, LogLevel.DEBUG

MAIL: Table = {
    **DNS,
    e.InjectionConnection: (Lines(INFO, _injection),),
    e.SenderGroupMatched: (Lines(INFO, _sender_group),),
    e.InjectionTls: (Lines(INFO, _injection_tls),),
    e.InjectionTlsFailed: (Lines(INFO, _injection_tls_failed),),
    e.MessageStarted: (Lines(INFO, _started),),
    e.RecipientRejected: (Lines(INFO, _recipient_rejected),),
    e.MessageQueued: (Lines(INFO, _queued),),
    e.MessageAborted: (Lines(INFO, _aborted),),
    e.InjectionClosed: (Lines(INFO, _injection_closed),),
    e.DeliveryConnection: (Lines(INFO, _delivery),),
    e.ConnectionFailed: (Lines(INFO, _connection_failed),),
    e.TlsNegotiated: (Lines(INFO, _tls),),
    e.TlsFailed: (Lines(INFO, _tls_failed),),
    e.TlsMissing: (Lines(INFO, _tls_missing),),
    e.DaneTried: (Lines(DEBUG, _dane_tried),),
    e.DaneRecordFound: (Lines(DEBUG, _dane_record),),
    e.DaneVerified: (Lines(DEBUG, _dane_verified),),
    e.DaneFailed: (Lines(DEBUG, _dane_failed),),
    e.DaneFellBack: (Lines(DEBUG, _dane_fell_back),),
    e.DeliveryStarted: (Lines(INFO, _delivery_started),),
    e.Delivered: (Lines(INFO, _delivered),),
    e.Discarded: (Lines(INFO, _discarded),),
    e.Deleted: (Lines(INFO, _deleted),),
    e.Remarked: (Lines(INFO, _remarked),),
    e.Deferred: (Lines(INFO, _deferred),),
    e.Bounced: (Lines(INFO, _bounced),),
    e.MessageFinished: (Lines(INFO, _finished),),
    e.DeliveryClosed: (Lines(INFO, _delivery_closed),),
    e.DestinationUnknown: (Lines(INFO, _destination_unknown),),
}
