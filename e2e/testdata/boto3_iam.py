"""Manages users with boto3 as on AWS, and uses what they may and may not on S3. Any difference is an AssertionError.

usage: boto3_iam.py ENDPOINT BUCKET
"""

import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, bucket = sys.argv[1], sys.argv[2]


def client(service, keys=None, region=None):
    arguments = {}
    if keys:
        arguments = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"],
                     "aws_session_token": keys.get("SessionToken")}
    return boto3.client(service, endpoint_url=endpoint, region_name=region,
                        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1},
                                      signature_version="s3v4" if service == "s3" else "v4"), **arguments)


def equal(got, want, what):
    assert got == want, f"{what}: got {got!r}, want {want!r}"


def fails_with(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        equal(e.response["Error"]["Code"], code, getattr(call, "__name__", str(call)))
        return e.response
    raise AssertionError(f"{call} succeeded, want {code}")


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": action, "Resource": resource} for effect, action, resource in statements]})


iam, sts, s3 = client("iam"), client("sts"), client("s3")
everything = f"arn:aws:s3:::{bucket}/*"
s3.create_bucket(Bucket=bucket)
s3.put_object(Bucket=bucket, Key="home/bob/k", Body=b"of bob")
s3.put_object(Bucket=bucket, Key="secret/k", Body=b"secret")

me = sts.get_caller_identity()
account = me["Account"]
assert len(account) == 12 and account.isdigit(), account
equal(me["Arn"], f"arn:aws:iam::{account}:root", "root's ARN")
equal(iam.get_user()["User"]["Arn"], me["Arn"], "get_user of root")

# A user and his key: nothing is allowed until a policy says so.
bob = iam.create_user(UserName="bob", Path="/staff/", Tags=[{"Key": "team", "Value": "red"}])["User"]
equal(bob["Arn"], f"arn:aws:iam::{account}:user/staff/bob", "ARN")
assert bob["UserId"].startswith("AIDA"), bob
equal(iam.get_user(UserName="bob")["User"]["Tags"], [{"Key": "team", "Value": "red"}], "tags")
fails_with("EntityAlreadyExists", iam.create_user, UserName="BOB")
fails_with("NoSuchEntity", iam.get_user, UserName="nobody")
fails_with("ValidationError", iam.create_user, UserName="b/b")
keys = iam.create_access_key(UserName="bob")["AccessKey"]
assert keys["AccessKeyId"].startswith("AKIA") and keys["Status"] == "Active", keys
his_s3, his_iam, his_sts = client("s3", keys), client("iam", keys), client("sts", keys)
equal(his_sts.get_caller_identity()["Arn"], bob["Arn"], "bob's identity")
fails_with("AccessDenied", his_s3.get_object, Bucket=bucket, Key="home/bob/k")
fails_with("AccessDenied", his_s3.list_buckets)
fails_with("AccessDenied", his_s3.create_bucket, Bucket=bucket + "-his")
fails_with("AccessDenied", his_iam.put_user_policy, UserName="bob", PolicyName="p", PolicyDocument=policy(("Allow", "*", "*")))

iam.put_user_policy(UserName="bob", PolicyName="home", PolicyDocument=policy(
    ("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/home/${{aws:username}}/*"),
    ("Allow", "s3:*Object", f"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/team}}/*"),
    ("Allow", "s3:ListAllMyBuckets", "*")))
equal(his_s3.get_object(Bucket=bucket, Key="home/bob/k")["Body"].read(), b"of bob", "what is allowed")
his_s3.put_object(Bucket=bucket, Key="red/k", Body=b"x")
fails_with("AccessDenied", his_s3.put_object, Bucket=bucket, Key="home/bob/k", Body=b"x")
fails_with("AccessDenied", his_s3.get_object, Bucket=bucket, Key="secret/k")
equal([b["Name"] for b in his_s3.list_buckets()["Buckets"]], [bucket], "the account's buckets")
equal(iam.get_user_policy(UserName="bob", PolicyName="home")["PolicyDocument"]["Version"], "2012-10-17", "document")
equal(iam.list_user_policies(UserName="bob")["PolicyNames"], ["home"], "inline policies")
fails_with("MalformedPolicyDocument", iam.put_user_policy, UserName="bob", PolicyName="x", PolicyDocument='{"Statement":[]}')
fails_with("LimitExceeded", iam.put_user_policy, UserName="bob", PolicyName="x", PolicyDocument=policy(("Allow", "s3:GetObject", "arn:aws:s3:::" + "x" * 2048)))

# Managed policies by a group; an explicit deny wins.
readers = iam.create_policy(PolicyName="readers", PolicyDocument=policy(("Allow", "s3:GetObject", everything)))["Policy"]
deny = iam.create_policy(PolicyName="no-secrets", Path="/deny/", PolicyDocument=policy(("Deny", "s3:*", f"arn:aws:s3:::{bucket}/secret/*")))["Policy"]
iam.create_group(GroupName="staff")
iam.attach_group_policy(GroupName="staff", PolicyArn=readers["Arn"])
iam.add_user_to_group(GroupName="staff", UserName="bob")
equal([g["GroupName"] for g in iam.list_groups_for_user(UserName="bob")["Groups"]], ["staff"], "groups of bob")
equal([u["UserName"] for u in iam.get_group(GroupName="staff")["Users"]], ["bob"], "users of the group")
equal(his_s3.get_object(Bucket=bucket, Key="secret/k")["Body"].read(), b"secret", "by the group")
iam.attach_user_policy(UserName="bob", PolicyArn=deny["Arn"])
fails_with("AccessDenied", his_s3.get_object, Bucket=bucket, Key="secret/k")
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Principal": {"AWS": bob["Arn"]}, "Action": "s3:*", "Resource": [everything, f"arn:aws:s3:::{bucket}"]}}))
fails_with("AccessDenied", his_s3.get_object, Bucket=bucket, Key="secret/k")
his_s3.list_objects_v2(Bucket=bucket)  # by the bucket's policy, which names him
s3.delete_bucket_policy(Bucket=bucket)
fails_with("AccessDenied", his_s3.list_objects_v2, Bucket=bucket)
iam.create_policy_version(PolicyArn=deny["Arn"], PolicyDocument=policy(("Allow", "s3:GetBucketLocation", "*")), SetAsDefault=True)
his_s3.get_object(Bucket=bucket, Key="secret/k")
equal([v["VersionId"] for v in iam.list_policy_versions(PolicyArn=deny["Arn"])["Versions"]], ["v2", "v1"], "versions")
equal(iam.get_policy_version(PolicyArn=deny["Arn"], VersionId="v1")["PolicyVersion"]["Document"]["Statement"][0]["Effect"], "Deny", "v1")
fails_with("DeleteConflict", iam.delete_policy, PolicyArn=deny["Arn"])
fails_with("DeleteConflict", iam.delete_group, GroupName="staff")
fails_with("DeleteConflict", iam.delete_user, UserName="bob")

# A boundary takes away; the built-in policies can be attached.
iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
his_s3.put_object(Bucket=bucket, Key="secret/k2", Body=b"x")
iam.put_user_permissions_boundary(UserName="bob", PermissionsBoundary=readers["Arn"])
fails_with("AccessDenied", his_s3.put_object, Bucket=bucket, Key="secret/k2", Body=b"x")
his_s3.get_object(Bucket=bucket, Key="secret/k")
iam.delete_user_permissions_boundary(UserName="bob")

# Sessions.
session = his_sts.get_session_token(DurationSeconds=900)["Credentials"]
assert session["AccessKeyId"].startswith("ASIA"), session
session_s3 = client("s3", session)
session_s3.put_object(Bucket=bucket, Key="secret/k2", Body=b"x")
link = session_s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "secret/k"})
equal(urllib.request.urlopen(link).read(), b"secret", "presigned by a session")
fails_with("AccessDenied", client("iam", session).list_users)
fails_with("AccessDenied", client("sts", session).get_session_token)
fails_with("InvalidAccessKeyId", client("s3", dict(session, SessionToken=None)).list_buckets)
fails_with("InvalidToken", client("s3", dict(session, SessionToken=session["SessionToken"][:-8] + "AAAAAAA=")).list_buckets)
fails_with("InvalidToken", client("s3", dict(keys, SessionToken=session["SessionToken"])).list_buckets)
fails_with("InvalidClientTokenId", client("sts", dict(session, SessionToken="bm90aGluZw==")).get_caller_identity)
federated = sts.get_federation_token(Name="guest", DurationSeconds=900, Policy=policy(("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/home/*")))
equal(federated["FederatedUser"]["Arn"], f"arn:aws:sts::{account}:federated-user/guest", "federated user")
guest = client("s3", federated["Credentials"])
guest.get_object(Bucket=bucket, Key="home/bob/k")
fails_with("AccessDenied", guest.get_object, Bucket=bucket, Key="secret/k")

trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole",
                                                 "Condition": {"StringEquals": {"sts:ExternalId": "x-1"}}}]}
role = iam.create_role(RoleName="writer", AssumeRolePolicyDocument=json.dumps(trust), Description="writes", MaxSessionDuration=7200)["Role"]
equal(role["AssumeRolePolicyDocument"], trust, "trust policy")
iam.put_role_policy(RoleName="writer", PolicyName="write", PolicyDocument=policy(("Allow", ["s3:PutObject", "s3:GetObject"], everything)))
assume = dict(RoleArn=role["Arn"], RoleSessionName="job-1", ExternalId="x-1")
fails_with("AccessDenied", sts.assume_role, **assume)  # as root
fails_with("AccessDenied", his_sts.assume_role, **assume)  # trust is given to the account: his policies must pass it on
iam.put_user_policy(UserName="bob", PolicyName="assume", PolicyDocument=policy(("Allow", "sts:AssumeRole", role["Arn"])))
fails_with("AccessDenied", his_sts.assume_role, **dict(assume, ExternalId="x-2"))
fails_with("ValidationError", his_sts.assume_role, **dict(assume, DurationSeconds=7201))
assumed = his_sts.assume_role(**assume, Policy=policy(("Allow", "s3:PutObject", "*")))
equal(assumed["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{account}:assumed-role/writer/job-1", "assumed role")
job = client("s3", assumed["Credentials"])
job.put_object(Bucket=bucket, Key="job", Body=b"x")
fails_with("AccessDenied", job.get_object, Bucket=bucket, Key="job")  # the role may, the session policy does not
equal(client("sts", assumed["Credentials"]).get_caller_identity()["UserId"], role["RoleId"] + ":job-1", "user id")


def ends(s3_of_it, code, what):
    """A revoked principal is out within a second."""
    end = time.monotonic() + 1
    while True:
        try:
            s3_of_it.put_object(Bucket=bucket, Key="job", Body=b"x")
        except ClientError as e:
            return equal(e.response["Error"]["Code"], code, what)
        assert time.monotonic() < end, f"{what} still works after a second"


fails_with("DeleteConflict", iam.delete_role, RoleName="writer")
iam.delete_role_policy(RoleName="writer", PolicyName="write")
iam.delete_role(RoleName="writer")
ends(job, "AccessDenied", "a session of a deleted role")

# What Terraform asks before it destroys a user, and the end of all.
equal(iam.list_mfa_devices(UserName="bob")["MFADevices"], [], "MFA devices")
equal(iam.list_ssh_public_keys(UserName="bob")["SSHPublicKeys"], [], "SSH keys")
equal(iam.list_signing_certificates(UserName="bob")["Certificates"], [], "certificates")
equal(iam.list_service_specific_credentials(UserName="bob")["ServiceSpecificCredentials"], [], "credentials")
fails_with("NoSuchEntity", iam.delete_login_profile, UserName="bob")
fails_with("NoSuchEntity", iam.get_login_profile, UserName="bob")
for p in iam.list_attached_user_policies(UserName="bob")["AttachedPolicies"]:
    iam.detach_user_policy(UserName="bob", PolicyArn=p["PolicyArn"])
for p in iam.list_user_policies(UserName="bob")["PolicyNames"]:
    iam.delete_user_policy(UserName="bob", PolicyName=p)
iam.remove_user_from_group(GroupName="staff", UserName="bob")
iam.create_access_key(UserName="bob")
fails_with("LimitExceeded", iam.create_access_key, UserName="bob")
keys = iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]
for k in keys:  # in no order that one could know
    iam.update_access_key(UserName="bob", AccessKeyId=k["AccessKeyId"], Status="Inactive")
fails_with("InvalidAccessKeyId", his_s3.list_buckets)
for k in keys:
    iam.delete_access_key(UserName="bob", AccessKeyId=k["AccessKeyId"])
iam.delete_user(UserName="bob")
ends(session_s3, "InvalidAccessKeyId", "a session of a deleted user")
iam.create_user(UserName="bob")
fails_with("InvalidAccessKeyId", session_s3.list_buckets)  # another bob
iam.delete_user(UserName="bob")
iam.detach_group_policy(GroupName="staff", PolicyArn=readers["Arn"])
iam.delete_group(GroupName="staff")
iam.delete_policy_version(PolicyArn=deny["Arn"], VersionId="v1")
for p in (readers, deny):
    iam.delete_policy(PolicyArn=p["Arn"])
equal(iam.list_policies(Scope="Local")["Policies"], [], "policies")

# Pages.
for n in range(7):
    iam.create_user(UserName=f"page-{n}")
names = [u["UserName"] for p in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 3}) for u in p["Users"]]
equal(names, [f"page-{n}" for n in range(7)], "pages")
for name in names:
    iam.delete_user(UserName=name)
print("ok")
