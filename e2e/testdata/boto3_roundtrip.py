"""Takes boto3 through the life of objects in a new bucket. Any difference is an AssertionError.

usage: boto3_roundtrip.py ENDPOINT BUCKET
"""

import hashlib
import io
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, bucket = sys.argv[1], sys.argv[2]
s3 = boto3.client("s3", endpoint_url=endpoint,
                  config=Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1}))
s3.create_bucket(Bucket=bucket)
assert bucket in [b["Name"] for b in s3.list_buckets()["Buckets"]]


def equal(got, want, what):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def fails_with(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        equal(e.response["Error"]["Code"], code, call.__name__)
        assert e.response["ResponseMetadata"]["RequestId"], "no request id"
    else:
        raise AssertionError(f"{call.__name__} succeeded, want {code}")


# Keys that tempt a server to clean or decode them.
odd = ["..", ".", "a/../b", "//", "/leading", "a//b", "trailing/", "with space", "plus+plus", "per%cent",
       "q?x=1&y#z", "quote'\"<>&", "back\\slash", "ünïcödé/雪☃", "emoji😀", "tab\tstop", "line\nfeed"]
for key in odd:
    etag = s3.put_object(Bucket=bucket, Key=key, Body=key.encode())["ETag"]
    equal(etag, '"' + hashlib.md5(key.encode()).hexdigest() + '"', f"ETag of {key!r}")
listed = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 4})
          for o in page["Contents"]]
equal(listed, sorted(odd, key=lambda k: k.encode()), "list_objects_v2")
listed = [o["Key"] for page in s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": 4})
          for o in page["Contents"]]
equal(listed, sorted(odd, key=lambda k: k.encode()), "list_objects")
for key in odd:
    equal(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), key.encode(), f"body of {key!r}")
page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="a/")
equal([p["Prefix"] for p in page["CommonPrefixes"]], ["a/../", "a//"], "common prefixes")
s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in odd if k.isprintable()]})
for key in odd:
    s3.delete_object(Bucket=bucket, Key=key)
equal(s3.list_objects_v2(Bucket=bucket)["KeyCount"], 0, "keys after delete")

# Metadata, standard headers, conditions.
s3.put_object(Bucket=bucket, Key="headers", Body=b"x", Metadata={"colour": "red"}, ContentType="text/x-test",
              CacheControl="max-age=5", ContentDisposition="inline", ContentLanguage="en")
head = s3.head_object(Bucket=bucket, Key="headers")
equal([head[k] for k in ("Metadata", "ContentType", "CacheControl", "ContentDisposition", "ContentLanguage")],
      [{"colour": "red"}, "text/x-test", "max-age=5", "inline", "en"], "headers")
fails_with("304", s3.get_object, Bucket=bucket, Key="headers", IfNoneMatch=head["ETag"])
fails_with("PreconditionFailed", s3.get_object, Bucket=bucket, Key="headers", IfMatch='"0"')
fails_with("NoSuchKey", s3.get_object, Bucket=bucket, Key="missing")
fails_with("404", s3.head_object, Bucket=bucket, Key="missing")
fails_with("NoSuchBucket", s3.list_objects_v2, Bucket=bucket + "-missing")
fails_with("BucketNotEmpty", s3.delete_bucket, Bucket=bucket)

# A managed multipart transfer both ways, ranges, a copy, a presigned link, checksums.
body = bytes(range(256)) * (13 << 12)
config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config)
assert s3.head_object(Bucket=bucket, Key="big")["ETag"].endswith('-3"')
s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy", Config=config)
got = io.BytesIO()
s3.download_fileobj(bucket, "copy", got, Config=config)
equal(hashlib.sha256(got.getvalue()).digest(), hashlib.sha256(body).digest(), "SHA-256 of the copy")
equal(s3.get_object(Bucket=bucket, Key="big", Range="bytes=-10")["Body"].read(), body[-10:], "suffix range")
fails_with("InvalidRange", s3.get_object, Bucket=bucket, Key="big", Range=f"bytes={len(body)}-")
link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "copy"}, ExpiresIn=60)
equal(urllib.request.urlopen(link).read(), body, "presigned link")
for algorithm in ("CRC32", "SHA1", "SHA256"):
    put = s3.put_object(Bucket=bucket, Key="sum", Body=b"x", ChecksumAlgorithm=algorithm)
    get = s3.get_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")
    equal(get["Checksum" + algorithm], put["Checksum" + algorithm], algorithm)

for o in s3.list_objects_v2(Bucket=bucket)["Contents"]:
    s3.delete_object(Bucket=bucket, Key=o["Key"])
s3.delete_bucket(Bucket=bucket)
print("ok")
