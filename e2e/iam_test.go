package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIAM manages users with boto3 and awscli as on AWS, and uses what they may and may not on S3.
func TestIAM(t *testing.T) {
	s := start(t, options{})
	t.Run("boto3", func(t *testing.T) {
		python := findPython(t, "boto3", "python3-boto3")
		if got := runClient(t, clientIn, python, script(t, "boto3_iam.py"), s.url(""), "iam-boto3"); got != "ok\n" {
			t.Errorf("boto3_iam.py printed %q, want ok", got)
		}
	})
	t.Run("awscli", func(t *testing.T) { checkAWSCLIUsers(t, s.in(t)) })
}

// checkAWSCLIUsers makes a user and a role; a session of the role moves an object with `aws s3 cp`.
func checkAWSCLIUsers(t *testing.T, s *server) {
	program := findClient(t, "aws", "awscli")
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	try := func(credentials []string, args ...string) (output string, code int) {
		t.Helper()
		cmd := client(t, program, append([]string{"--endpoint-url", s.url(""), "--output", "text"}, args...)...)
		cmd.Env = append(cmd.Env, credentials...)
		p := startProcess(t, "aws", cmd)
		code = p.exitCode(clientIn)
		return strings.TrimSpace(p.stdout.String()), code
	}
	do := func(credentials []string, args ...string) string {
		t.Helper()
		output, code := try(credentials, args...)
		if code != 0 {
			t.Fatalf("aws %q: exit code %d", args, code)
		}
		return output
	}
	keys := func(output string) []string { // of --query [AccessKeyId,SecretAccessKey(,SessionToken)]
		f := append(strings.Fields(output), "")
		return []string{"AWS_ACCESS_KEY_ID=" + f[0], "AWS_SECRET_ACCESS_KEY=" + f[1], "AWS_SESSION_TOKEN=" + f[2]}
	}
	do(nil, "s3", "mb", "s3://iam-cli")
	account := do(nil, "sts", "get-caller-identity", "--query", "Account")
	do(nil, "iam", "create-user", "--user-name", "bob")
	bob := keys(do(nil, "iam", "create-access-key", "--user-name", "bob", "--query", "AccessKey.[AccessKeyId,SecretAccessKey]"))
	trust := file("trust.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::`+account+`:user/bob"},"Action":"sts:AssumeRole"}]}`)
	do(nil, "iam", "create-role", "--role-name", "mover", "--assume-role-policy-document", "file://"+trust)
	policy := file("policy.json", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":"arn:aws:s3:::iam-cli/*"}]}`)
	do(nil, "iam", "put-role-policy", "--role-name", "mover", "--policy-name", "move", "--policy-document", "file://"+policy)
	big := filepath.Join(dir, "big.bin")
	want := writeContent(t, big, 7, treeBig)
	if _, code := try(bob, "s3", "cp", "--quiet", big, "s3://iam-cli/big.bin"); code == 0 {
		t.Error("a user without policies has written")
	}
	session := keys(do(bob, "sts", "assume-role", "--role-arn", "arn:aws:iam::"+account+":role/mover", "--role-session-name", "cli",
		"--query", "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]"))
	do(session, "s3", "cp", "--quiet", big, "s3://iam-cli/big.bin")
	do(session, "s3", "cp", "--quiet", "s3://iam-cli/big.bin", filepath.Join(dir, "back.bin"))
	if got := hashFile(t, filepath.Join(dir, "back.bin")); got != want {
		t.Errorf("SHA-256 of what came back = %s, want %s", got, want)
	}
	if _, code := try(session, "s3", "rm", "--quiet", "s3://iam-cli/big.bin"); code == 0 {
		t.Error("a session has deleted what its role may not")
	}
	do(nil, "iam", "delete-role-policy", "--role-name", "mover", "--policy-name", "move")
	if _, code := try(session, "s3", "cp", "--quiet", "s3://iam-cli/big.bin", filepath.Join(dir, "late.bin")); code == 0 {
		t.Error("a session may what its role may no more")
	}
	do(nil, "s3", "rb", "--force", "s3://iam-cli")
}
