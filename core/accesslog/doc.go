// Package accesslog is the S3 server access log: what its records say, and where they go.
package accesslog
