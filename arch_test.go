package shoal

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the architecture: a layer (first folder) may import the layers named, and itself unless
// noted below. Imports follow one arrow, so that a reader meets each layer once and a format, a store or
// a front can be replaced without touching what lies under it. Do not loosen it to fix a build: move
// the code to the room where it belongs.
var mayImport = map[string][]string{
	"wire":    {"wire"},                                                        // formats: the standard library and each other
	"storage": {"storage"},                                                     // where bytes rest: knows no S3 and no BitTorrent
	"core":    {"core", "storage", "wire"},                                     // what the service is: no HTTP, no sockets
	"front":   {"core", "wire"},                                                // who talks to us: never storage, never another front
	"config":  {},                                                              // plain data
	"server":  {"server", "config", "front", "core", "storage", "wire"},        // builds and stops everything
	"cmd":     {"server", "config", "front/admin", "wire"},                     // flags, signals, exit code
	"e2e":     {"server", "config", "front", "core", "storage", "wire", "e2e"}, // black-box tests
}

// coreForbids are packages that would drag I/O with the outside into the core.
var coreForbids = []string{"net/http", "net/rpc", "os/exec"}

// wireOnlyStandard: wire imports nothing from outside the standard library.
const moduleName = "shoal"

func TestImportsFollowTheArrow(t *testing.T) {
	for _, f := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(f))
		layer, _, _ := strings.Cut(dir, "/")
		allowed, known := mayImport[layer]
		if !known {
			if dir != "." {
				t.Errorf("%s: folder %q is not in the architecture", f, layer)
			}
			continue
		}
		isTest := strings.HasSuffix(f, "_test.go")
		for _, imp := range imports(t, f) {
			if isTest && strings.HasPrefix(imp, moduleName+"/storage") {
				continue // tests of any layer may stand on a real store
			}
			if msg := refuse(dir, layer, imp, allowed, isTest); msg != "" {
				t.Errorf("%s imports %s: %s", f, imp, msg)
			}
		}
	}
}

func refuse(dir, layer, imp string, allowed []string, isTest bool) string {
	own, isOwn := strings.CutPrefix(imp, moduleName+"/")
	if !isOwn {
		return refuseForeign(layer, imp, isTest)
	}
	if layer == "front" && strings.HasPrefix(own, "front/") && own != dir {
		return "no front imports another front"
	}
	if layer == "front" && strings.HasPrefix(own, "front/") {
		return ""
	}
	for _, a := range allowed {
		if own == a || strings.HasPrefix(own, a+"/") {
			return ""
		}
	}
	return layer + " may import only " + strings.Join(allowed, ", ")
}

func refuseForeign(layer, imp string, isTest bool) string {
	if isTest {
		return ""
	}
	if layer == "wire" && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
		return "wire imports the standard library only"
	}
	if layer == "core" {
		for _, f := range coreForbids {
			if imp == f {
				return "the core has no HTTP and starts no process"
			}
		}
	}
	return ""
}

// TestFoldersAreTwoLevels keeps the tree flat: a package is found by two names.
func TestFoldersAreTwoLevels(t *testing.T) {
	// Drivers and conformance suites stand below their interface.
	deeper := map[string]bool{
		"storage/kv/kvtest": true, "storage/kv/pebblekv": true, "storage/kv/tuple": true,
		"storage/blob/blobtest": true, "storage/blob/fileblob": true,
	}
	for _, f := range goFiles(t) {
		dir := filepath.ToSlash(filepath.Dir(f))
		if strings.Count(dir, "/") > 1 && !deeper[dir] {
			t.Errorf("%s: folders are two levels deep", dir)
		}
	}
}

func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "data"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(p, ".go"):
			files = append(files, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("found only %d Go files: not at the root of the module?", len(files))
	}
	return files
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}
