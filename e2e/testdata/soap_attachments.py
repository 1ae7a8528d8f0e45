"""Sends PutObject of the SOAP API with its content in DIME, in MIME and as MTOM, and gets it back so. The framing is
written and read here byte by byte, from draft-nielsen-dime-02 and RFC 2387, without a library of either. Any difference
is an AssertionError.

usage: soap_attachments.py ENDPOINT CA_FILE BUCKET
"""

import base64
import datetime
import hashlib
import hmac
import os
import re
import ssl
import struct
import sys
import urllib.request

endpoint, ca, bucket = sys.argv[1:4]
key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
trust = ssl.create_default_context(cafile=ca)
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
INCLUDE = '<Data><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:it"/></Data>'


def equal(got, want, what):
    assert got == want, f"{what}: got {got!r:.300}, want {want!r:.300}"


def envelope(operation, children):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    mac = base64.b64encode(hmac.new(secret.encode(), f"AmazonS3{operation}{now}".encode(), hashlib.sha1).digest()).decode()
    return (f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><{operation} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{children}'
            f"<AWSAccessKeyId>{key}</AWSAccessKeyId><Timestamp>{now}</Timestamp><Signature>{mac}</Signature>"
            f"</{operation}></e:Body></e:Envelope>").encode()


def send(content_type, body, accept="*/*"):
    """Returns the status, the media type and the body of the answer."""
    request = urllib.request.Request(endpoint + "/soap", data=body, method="POST",
                                     headers={"Content-Type": content_type, "SOAPAction": '""', "Accept": accept})
    try:
        with urllib.request.urlopen(request, context=trust, timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers["Content-Type"], e.read()


def padded(b):
    return b + b"\0" * (-len(b) % 4)


def record(flags, type_format, ident, kind, data):
    return struct.pack(">BBHHHI", 0x08 | flags, type_format << 4, 0, len(ident), len(kind), len(data)) + padded(ident) + padded(kind) + padded(data)


def dime(message, content):
    """The content goes in three chunks; the first record begins the message, the last one ends it."""
    cut = len(content) // 3
    return "application/dime", b"".join([
        record(4, 2, b"", ENVELOPE.encode(), message),
        record(1, 1, b"cid:it", b"application/octet-stream", content[:cut]),
        record(1, 0, b"", b"", content[cut:2 * cut]),
        record(2, 0, b"", b"", content[2 * cut:]),
    ])


def mime(message, content, root="text/xml", encoding="binary"):
    if encoding == "base64":
        content = base64.encodebytes(content)
    parts = [(f'{root}; charset=utf-8; type="text/xml"', "binary", "root", message), ("application/octet-stream", encoding, "it", content)]
    body = b"".join(f"--edge\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {how}\r\nContent-ID: <{ident}>\r\n\r\n".encode() + data + b"\r\n"
                    for kind, how, ident, data in parts)
    return f'multipart/related; boundary=edge; type="{root}"; start="<root>"', body + b"--edge--\r\n"


def mtom(message, content):
    return mime(message, content, root="application/xop+xml")


def read_dime(body):
    """Returns the data of the records, chunks put together."""
    at, found, last, more = 0, [], False, False
    while not last:
        first, kind, options, ident, type_length, size = struct.unpack_from(">BBHHHI", body, at)
        equal(first >> 3, 1, "version of DIME")
        equal(bool(first & 4), at == 0, "MB")
        last = bool(first & 2)
        at += 12 + sum(n + -n % 4 for n in (options, ident, type_length))
        if more:
            equal(kind >> 4, 0, "type of a chunk")
            found[-1] += body[at:at + size]
        else:
            found.append(body[at:at + size])
        more, at = bool(first & 1), at + size + -size % 4
    equal(at, len(body), "bytes of the message")
    return found


def read_mime(content_type, body):
    boundary = re.search('boundary="([^"]+)"', content_type).group(1).encode()
    parts = body.split(b"\r\n--" + boundary)
    equal(parts[-1], b"--\r\n", "end of the message")
    return [p.split(b"\r\n\r\n", 1)[1] for p in parts[:-1]]


def fault(body):
    return re.search(b"<faultcode>soapenv:([^<]*)</faultcode>", body).group(1).decode()


def put(name, pack, content, data="", length=None, operation="PutObject"):
    children = f"<Bucket>{bucket}</Bucket><Key>{name}</Key><Metadata><Name>how</Name><Value>{name}</Value></Metadata>"
    children += f"{data}<ContentLength>{len(content) if length is None else length}</ContentLength>"
    return send(*pack(envelope(operation, children), content))


content = os.urandom((1 << 20) + 13)
etag = hashlib.md5(content).hexdigest()
ways = {
    "dime": (dime, ""), "mime": (mime, ""), "mime64": (lambda m, c: mime(m, c, encoding="base64"), ""),
    "mtom": (mtom, INCLUDE), "boundary": (mime, '<Data href="cid:it"/>'),
}
for name, (pack, data) in ways.items():
    sent = content if name != "boundary" else b"x--edge\r\n--edg\r\n" + content  # no line that begins with the boundary
    status, kind, body = put(name, pack, sent, data)
    equal((status, kind), (200, "text/xml; charset=utf-8"), f"{name}: {body!r:.300}")
    assert hashlib.md5(sent).hexdigest().encode() in body, (name, body)

# XOP is another form of inline data, with its bound.
status, _, body = put("inline", mtom, content[:1 << 20], INCLUDE, operation="PutObjectInline")
equal(status, 200, body)
status, _, body = put("inline", mtom, content, INCLUDE, operation="PutObjectInline")
equal((status, fault(body)), (500, "Client.InlineDataTooLarge"), "XOP beyond the bound of inline data")

# Nothing is kept of what is not as it was declared.
for name, pack in {"dime": dime, "mime": mime, "mtom": mtom}.items():
    for length in (len(content) - 1, len(content) + 1):
        status, _, body = put("short", pack, content, length=length)
        equal((status, fault(body)), (500, "Client.IncompleteBody"), f"{name} of another length")
    kind, whole = pack(envelope("PutObject", f"<Bucket>{bucket}</Bucket><Key>short</Key><ContentLength>{len(content)}</ContentLength>"), content)
    status, _, body = send(kind, whole[:-1000])
    equal((status, fault(body)), (500, "Client.IncompleteBody"), f"{name} that was cut off")
status, _, body = send("text/xml", envelope("PutObject", f"<Bucket>{bucket}</Bucket><Key>short</Key><ContentLength>5</ContentLength>"))
equal((status, fault(body)), (500, "Client.MissingAttachment"), "no attachment")
get = "<Bucket>{}</Bucket><Key>{}</Key><GetMetadata>true</GetMetadata><GetData>true</GetData><InlineData>false</InlineData>".format
status, _, body = send("text/xml", envelope("GetObject", get(bucket, "short")))
equal((status, fault(body)), (500, "Client.NoSuchKey"), "what was refused")

# Content comes back in the packaging of the request, in DIME without one.
message = envelope("GetObject", get(bucket, "dime"))
status, kind, body = send("text/xml", message)
equal((status, kind), (200, "application/dime"), body[:300])
root, data = read_dime(body)
assert b'<Data xsi:nil="true">' in root and b"<Name>how</Name><Value>dime</Value>" in root, root
equal(hashlib.md5(data).hexdigest(), etag, "content by DIME")
status, kind, body = send(*mime(message, b""))
equal((status, kind.split(";")[1].strip()), (200, 'type="text/xml"'), body[:300])
equal(hashlib.md5(read_mime(kind, body)[1]).hexdigest(), etag, "content by MIME")
status, kind, body = send("text/xml", message, accept='multipart/related; type="application/xop+xml"')
equal((status, kind.split(";")[1].strip()), (200, 'type="application/xop+xml"'), body[:300])
root, data = read_mime(kind, body)
assert b'href="cid:data"' in root, root
equal(hashlib.md5(data).hexdigest(), etag, "content by MTOM")
status, kind, body = send(*dime(envelope("GetObject", get(bucket, "missing")), b"ignored"))
equal((status, kind, fault(body)), (500, "text/xml; charset=utf-8", "Client.NoSuchKey"), "a fault is plain XML")
print("ok")
