"""Runs the operations of the SOAP API with zeep, which knows of them by the server's WSDL alone, and looks at what they
did with boto3. Every answer is held against the server's schema. Any difference is an AssertionError.

usage: soap_zeep.py ENDPOINT CA_FILE
"""

import base64
import datetime
import hashlib
import hmac
import os
import sys

import boto3
import requests
import zeep
import zeep.transports
from botocore.config import Config
from lxml import etree

endpoint, ca = sys.argv[1], sys.argv[2]
key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"

session = requests.Session()
session.verify = ca
schema = etree.XMLSchema(etree.fromstring(session.get(endpoint + "/2006-03-01/AmazonS3.xsd").content))
validated = 0


class Validating(zeep.Plugin):
    """Holds every message, in and out, against the schema."""

    def ingress(self, envelope, http_headers, operation):
        self.check(envelope)
        return envelope, http_headers

    def egress(self, envelope, http_headers, operation, binding_options):
        self.check(envelope)
        return envelope, http_headers

    def check(self, envelope):
        global validated
        body = envelope.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")[0]
        if body.tag.endswith("}Fault") or body.find(".//{http://www.w3.org/2004/08/xop/include}Include") is not None:
            return
        schema.assertValid(etree.fromstring(etree.tostring(body)))
        validated += 1


wsdl = endpoint + "/2006-03-01/AmazonS3.wsdl"
client = zeep.Client(wsdl, transport=zeep.transports.Transport(session=session), plugins=[Validating()])
service = client.create_service("{%s}AmazonS3SoapBinding" % NAMESPACE, endpoint + "/soap")
s3 = boto3.client("s3", endpoint_url=endpoint, verify=ca, config=Config(s3={"addressing_style": "path"}))
types = client.type_factory("ns0")


def equal(got, want, what):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def signed(operation, as_datetime=False):
    now = datetime.datetime.now(datetime.timezone.utc)
    text = now.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (now.microsecond // 1000)
    mac = hmac.new(secret.encode(), ("AmazonS3" + operation + text).encode(), hashlib.sha1)
    # A datetime goes out with six digits and +00:00: not as it was signed.
    return {"AWSAccessKeyId": key, "Timestamp": now if as_datetime else text, "Signature": base64.b64encode(mac.digest()).decode()}


called = set()


def call(operation, **arguments):
    called.add(operation)
    return service[operation](**arguments, **signed(operation))


def fails_with(code, operation, **arguments):
    try:
        service[operation](**arguments)
    except zeep.exceptions.Fault as e:
        equal(e.code, "soapenv:" + code, operation)
        assert e.message, operation
        return e
    raise AssertionError(f"{operation} succeeded, want {code}")


def md5(content):
    return '"' + hashlib.md5(content).hexdigest() + '"'


operations = sorted(service._operations)
equal(len(operations), 16, "operations")
equal(zeep.Client(endpoint + "/soap?wsdl", transport=client.transport).service._binding_options["address"], endpoint + "/soap", "address")

# Buckets.
equal(call("CreateBucket", Bucket="zeep"), "zeep", "CreateBucket")
equal(service.CreateBucket(Bucket="zeep-datetime", **signed("CreateBucket", as_datetime=True)), "zeep-datetime", "signed by a datetime")
owner = call("ListAllMyBuckets")["Owner"]
names = [b["Name"] for b in call("ListAllMyBuckets")["Buckets"]["Bucket"]]
equal(names, sorted(b["Name"] for b in s3.list_buckets()["Buckets"]), "ListAllMyBuckets")
equal(owner["ID"], s3.list_buckets()["Owner"]["ID"], "owner")

# Objects, inline: SOAP and REST see the same.
body = "Frühling\n".encode()
put = call("PutObjectInline", Bucket="zeep", Key="a/spring time", Data=body, ContentLength=len(body),
           Metadata=[{"Name": "Content-Type", "Value": "text/plain; charset=utf-8"}, {"Name": "Season", "Value": "spring"}])
equal(put["ETag"], md5(body), "ETag")
rest = s3.get_object(Bucket="zeep", Key="a/spring time")
equal((rest["Body"].read(), rest["ETag"], rest["ContentType"], rest["Metadata"]),
      (body, md5(body), "text/plain; charset=utf-8", {"season": "spring"}), "what SOAP put, by REST")
s3.put_object(Bucket="zeep", Key="b", Body=b"by REST", ContentType="text/css", CacheControl="no-cache", Metadata={"colour": "green"})
got = call("GetObject", Bucket="zeep", Key="b", GetMetadata=True, GetData=True, InlineData=True)
equal((got["Data"], got["ETag"], got["Status"]["Code"]), (b"by REST", md5(b"by REST"), 200), "what REST put, by SOAP")
equal([(m["Name"], m["Value"]) for m in got["Metadata"]],
      [("Content-Type", "text/css"), ("Cache-Control", "no-cache"), ("colour", "green")], "metadata")
got = call("GetObject", Bucket="zeep", Key="b", GetMetadata=False, GetData=False, InlineData=False)
equal((got["Data"], got["Metadata"]), (None, []), "no data")

# Names that no header can have, which REST counts.
call("PutObjectInline", Bucket="zeep", Key="names", Data=b"", ContentLength=0, Metadata=[{"Name": "two words", "Value": "a"}, {"Name": "one", "Value": "b"}])
head = s3.head_object(Bucket="zeep", Key="names")
equal((head["Metadata"], head["ResponseMetadata"]["HTTPHeaders"]["x-amz-missing-meta"]), ({"one": "b"}, "1"), "metadata that REST cannot tell")
got = call("GetObject", Bucket="zeep", Key="names", GetMetadata=True, GetData=False, InlineData=False)
equal([m["Name"] for m in got["Metadata"]], ["Content-Type", "one", "two words"], "metadata that SOAP can tell")
call("DeleteObject", Bucket="zeep", Key="names")

# Ranges and conditions.
got = call("GetObjectExtended", Bucket="zeep", Key="b", GetMetadata=False, GetData=True, InlineData=True, ByteRangeStart=3, ByteRangeEnd=4,
           IfMatch=[md5(b"other"), md5(b"by REST")])
equal((got["Data"], got["Status"]["Code"]), (b"RE", 206), "range")
fault = fails_with("Client.PreconditionFailed", "GetObjectExtended", Bucket="zeep", Key="b", GetMetadata=False, GetData=True, InlineData=True,
                   IfMatch=[md5(b"other")], **signed("GetObjectExtended"))
equal(fault.detail.findtext("Condition"), "If-Match", "detail")

# Content beside the envelope: MIME as the client asks for it, and MTOM.
large = os.urandom(3 << 20)
s3.put_object(Bucket="zeep", Key="large", Body=large, ContentType="image/png")
fails_with("Client.InlineDataTooLarge", "GetObject", Bucket="zeep", Key="large", GetMetadata=False, GetData=True, InlineData=True, **signed("GetObject"))
fails_with("Client.MaxMessageLengthExceeded", "PutObjectInline", Bucket="zeep", Key="large", Data=large, ContentLength=len(large), **signed("PutObjectInline"))
session.headers["Accept"] = "multipart/related"
pack = call("GetObject", Bucket="zeep", Key="large", GetMetadata=True, GetData=True, InlineData=False)
equal(type(pack), zeep.wsdl.attachments.MessagePack, "an answer with an attachment")
equal((pack.root["Data"], pack.root["ETag"], pack.attachments[0].content_type), (None, md5(large), "image/png"), "root and attachment")
equal(hashlib.md5(pack.attachments[0].content).hexdigest(), md5(large).strip('"'), "attachment")
session.headers["Accept"] = "application/xop+xml"
got = call("GetObject", Bucket="zeep", Key="large", GetMetadata=False, GetData=True, InlineData=False)
equal(hashlib.md5(got["Data"]).hexdigest(), md5(large).strip('"'), "MTOM")
session.headers["Accept"] = "*/*"

# Copies and listings.
copy = call("CopyObject", SourceBucket="zeep", SourceKey="b", DestinationBucket="zeep-datetime", DestinationKey="c",
            MetadataDirective="REPLACE", Metadata=[{"Name": "n", "Value": "v"}])
equal(copy["ETag"], md5(b"by REST"), "CopyObject")
equal(s3.head_object(Bucket="zeep-datetime", Key="c")["Metadata"], {"n": "v"}, "metadata of the copy")
page = call("ListBucket", Bucket="zeep", MaxKeys=1, Delimiter="/")
equal((page["IsTruncated"], page["NextMarker"], [p["Prefix"] for p in page["CommonPrefixes"]], page["Contents"]), (True, "a/", ["a/"], []), "first page")
page = call("ListBucket", Bucket="zeep", Marker=page["NextMarker"], Delimiter="/")
equal([(o["Key"], o["Size"], o["ETag"], o["StorageClass"], o["Owner"]["ID"]) for o in page["Contents"]],
      [("b", 7, md5(b"by REST"), "STANDARD", owner["ID"]), ("large", len(large), md5(large), "STANDARD", owner["ID"])], "second page")

# ACLs: what is public is read without signing, by both.
acl = {"Grant": [{"Grantee": types.CanonicalUser(ID=owner["ID"]), "Permission": "FULL_CONTROL"},
                 {"Grantee": types.Group(URI=ALL_USERS), "Permission": "READ"}]}
fails_with("Client.AccessDenied", "GetObject", Bucket="zeep", Key="b", GetMetadata=False, GetData=True, InlineData=True)
call("SetObjectAccessControlPolicy", Bucket="zeep", Key="b", AccessControlList=acl)
got = service.GetObject(Bucket="zeep", Key="b", GetMetadata=False, GetData=True, InlineData=True)
equal(got["Data"], b"by REST", "anonymous GetObject")
equal(session.get(endpoint + "/zeep/b").content, b"by REST", "anonymous GET")
policy = call("GetObjectAccessControlPolicy", Bucket="zeep", Key="b")
equal([(type(g["Grantee"]).__name__, g["Permission"]) for g in policy["AccessControlList"]["Grant"]],
      [("CanonicalUser", "FULL_CONTROL"), ("Group", "READ")], "grants by SOAP")
equal([g["Grantee"]["Type"] for g in s3.get_object_acl(Bucket="zeep", Key="b")["Grants"]], ["CanonicalUser", "Group"], "grants by REST")
call("SetBucketAccessControlPolicy", Bucket="zeep", AccessControlList=acl)
equal(len(s3.get_bucket_acl(Bucket="zeep")["Grants"]), 2, "grants of the bucket by REST")
equal(call("GetBucketAccessControlPolicy", Bucket="zeep")["AccessControlList"]["Grant"][1]["Grantee"]["URI"], ALL_USERS, "grants of the bucket")

# The access log.
call("CreateBucket", Bucket="zeep-logs", AccessControlList={"Grant": [
    {"Grantee": types.Group(URI=LOG_DELIVERY), "Permission": p} for p in ("WRITE", "READ_ACP")]})
equal(call("GetBucketLoggingStatus", Bucket="zeep"), None, "no log")
call("SetBucketLoggingStatus", Bucket="zeep", BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "zeep-logs", "TargetPrefix": "z/"}})
equal(call("GetBucketLoggingStatus", Bucket="zeep")["TargetPrefix"], "z/", "log by SOAP")
equal(s3.get_bucket_logging(Bucket="zeep")["LoggingEnabled"]["TargetBucket"], "zeep-logs", "log by REST")
call("SetBucketLoggingStatus", Bucket="zeep", BucketLoggingStatus={})
equal("LoggingEnabled" in s3.get_bucket_logging(Bucket="zeep"), False, "log turned off")

# Faults.
fault = fails_with("Client.NoSuchBucket", "ListBucket", Bucket="nowhere", **signed("ListBucket"))
equal(fault.detail.findtext("BucketName"), "nowhere", "detail")
fault = fails_with("Client.NoSuchKey", "GetObject", Bucket="zeep", Key="missing", GetMetadata=True, GetData=True, InlineData=True, **signed("GetObject"))
equal(fault.detail.findtext("Key"), "missing", "detail")
fault = fails_with("Client.SignatureDoesNotMatch", "ListBucket", Bucket="zeep", **signed("DeleteBucket"))
assert fault.detail.findtext("StringToSign").startswith("AmazonS3ListBucket"), fault.detail
fails_with("Client.InvalidAccessKeyId", "ListBucket", Bucket="zeep", **{**signed("ListBucket"), "AWSAccessKeyId": "nobody"})
fails_with("Client.RequestTimeTooSkewed", "ListBucket", Bucket="zeep", **{**signed("ListBucket"), "Timestamp": "2009-01-01T12:00:00.000Z"})
fails_with("Client.BucketNotEmpty", "DeleteBucket", Bucket="zeep", **signed("DeleteBucket"))

# Everything goes.
for bucket, keys in {"zeep": ["a/spring time", "b", "large"], "zeep-datetime": ["c"], "zeep-logs": []}.items():
    for name in keys:
        equal(call("DeleteObject", Bucket=bucket, Key=name)["Code"], 200, "DeleteObject")
    equal(call("DeleteBucket", Bucket=bucket)["Code"], 204, "DeleteBucket")
equal(sorted(set(operations) - called), ["PutObject"], "operations that were not called")
assert validated > 60, validated
print("ok")
