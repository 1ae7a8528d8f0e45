package shoal

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"shoal/config"
	"shoal/server"
)

const (
	operationsPage = "docs/operations.md"
	bittorrentPage = "docs/protocol/bittorrent.md"
	securityPage   = "docs/security.md"
	decisionNotes  = "docs/decisions"
)

// securityClasses is how many classes of bugs the security page has: none may go by accident.
const securityClasses = 17

func readDoc(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tableRows returns the cells of every table row of text whose first cell matches first.
func tableRows(text string, first *regexp.Regexp) (rows [][]string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if first.MatchString(cells[0]) {
			rows = append(rows, cells)
		}
	}
	return rows
}

// configFlags returns the flags of config.Config as the command line has them.
func configFlags(t *testing.T) []*kong.Flag {
	t.Helper()
	return configParser(t, &config.Config{}).Model.Flags
}

func configParser(t *testing.T, c *config.Config) *kong.Kong {
	t.Helper()
	parser, err := kong.New(c, kong.NoDefaultHelp())
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// TestOperationsPageHasEveryFlag: the table of flags is that of config.Config, in its order and words.
func TestOperationsPageHasEveryFlag(t *testing.T) {
	var want []string
	for _, f := range configFlags(t) {
		value := "none"
		if f.Default != "" {
			value = "`" + f.Default + "`"
		}
		want = append(want, fmt.Sprintf("| `--%s` | %s | %s |", f.Name, value, f.Help))
	}
	checkTable(t, operationsPage, regexp.MustCompile("^`--"), want)
}

// checkTable holds the table rows of a page whose first cell matches first against want, which must not be empty.
func checkTable(t *testing.T, page string, first *regexp.Regexp, want []string) {
	t.Helper()
	var got []string
	for _, cells := range tableRows(readDoc(t, page), first) {
		got = append(got, "| "+strings.Join(cells, " | ")+" |")
	}
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%s has these rows:\n%s\n\nwant:\n%s", page, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestOperationsPageHasEveryMetric: the table of metrics is what a server that answered a request shows.
func TestOperationsPageHasEveryMetric(t *testing.T) {
	var want []string
	help := regexp.MustCompile(`(?m)^# HELP (shoal_\w+) (.*)$`)
	for _, m := range help.FindAllStringSubmatch(scrapeMetrics(t), -1) {
		want = append(want, fmt.Sprintf("| `%s` | %s |", m[1], m[2]))
	}
	slices.Sort(want)
	checkTable(t, operationsPage, regexp.MustCompile("^`shoal_"), want)
}

// scrapeMetrics runs a server, asks it for something, and returns its metrics.
func scrapeMetrics(t *testing.T) string {
	t.Helper()
	var c config.Config
	args := []string{"--data", t.TempDir(), "--s3-addr=127.0.0.1:0", "--tracker-addr=127.0.0.1:0", "--peer-addr=127.0.0.1:0", "--event-target=hook=http://127.0.0.1:9/"}
	if _, err := configParser(t, &c).Parse(args); err != nil {
		t.Fatal(err)
	}
	s, err := server.Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- s.Run(ctx) }()
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	}()
	httpGet(t, s.URL()+"/bucket/key")
	httpGet(t, s.URL()+"/?Action=GetCallerIdentity")
	soap, err := http.Post(s.URL()+"/soap", "text/xml", strings.NewReader("<a/>"))
	if err != nil {
		t.Fatal(err)
	}
	soap.Body.Close()
	return httpGet(t, s.URL()+"/_shoal/metrics")
}

func httpGet(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// relevantBEPs are the rows that the BitTorrent page must have.
var relevantBEPs = strings.Fields("3 5 6 7 9 10 11 12 14 15 16 17 19 20 21 23 24 27 29 31 32 33 35 36 38 39 40 41 42 43 44 46 47 48 51 52 53 54 55 MSE WebTorrent")

// TestBitTorrentPageNamesTests: what is said to be there is shown by a test that exists.
func TestBitTorrentPageNamesTests(t *testing.T) {
	tests := testFunctions(t)
	named := regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)\\w+)`")
	table, _, _ := strings.Cut(readDoc(t, bittorrentPage), "\n## ")
	var seen []string
	for _, cells := range tableRows(table, regexp.MustCompile(`^(\d+|MSE|WebTorrent)$`)) {
		if len(cells) != 5 {
			t.Errorf("BEP %s: %d cells, want BEP, what, state, note, shown by", cells[0], len(cells))
			continue
		}
		bep, state, shownBy := cells[0], cells[2], named.FindAllStringSubmatch(cells[4], -1)
		seen = append(seen, bep)
		for _, m := range shownBy {
			if !tests[m[1]+"."+m[2]] {
				t.Errorf("BEP %s: there is no test %s in %s", bep, m[2], m[1])
			}
		}
		switch {
		case state != "Yes" && state != "Partial" && state != "No":
			t.Errorf("BEP %s: state %q, want Yes, Partial or No", bep, state)
		case (state == "No") != (len(shownBy) == 0):
			t.Errorf("BEP %s: state %s and %d tests", bep, state, len(shownBy))
		case state == "No" && cells[4] != "", state == "Partial" && cells[3] == "":
			t.Errorf("BEP %s: No has no test, Partial has a note; got note %q, shown by %q", bep, cells[3], cells[4])
		}
	}
	if !slices.Equal(seen, relevantBEPs) {
		t.Errorf("rows %v, want %v", seen, relevantBEPs)
	}
}

// TestSecurityPageNamesTests: each class of bugs is shown by tests that exist, and each test that is named after an
// advisory stands there.
func TestSecurityPageNamesTests(t *testing.T) {
	tests := testFunctions(t)
	named := regexp.MustCompile("`([a-z0-9/]+\\.Test\\w+)`")
	listed := map[string]bool{}
	rows := tableRows(readDoc(t, securityPage), regexp.MustCompile(`^S\d+$`))
	for i, cells := range rows {
		shownBy := named.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if cells[0] != fmt.Sprintf("S%d", i+1) || len(shownBy) == 0 {
			t.Errorf("row %d is of class %s, with %d tests", i+1, cells[0], len(shownBy))
		}
		for _, m := range shownBy {
			if listed[m[1]] = true; !tests[m[1]] {
				t.Errorf("%s: there is no test %s", cells[0], m[1])
			}
		}
	}
	if len(rows) != securityClasses {
		t.Errorf("%d classes, want %d", len(rows), securityClasses)
	}
	advisory := regexp.MustCompile(`\.Test(CVE|GHSA|VersityGW)_`)
	for name := range tests {
		if advisory.MatchString(name) && !listed[name] {
			t.Errorf("%s does not name %s", securityPage, name)
		}
	}
}

// testFunctions returns every test and fuzz target of the tree as folder.Name.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	all := map[string]bool{}
	for _, file := range goFiles(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range declared.FindAllStringSubmatch(readDoc(t, file), -1) {
			all[filepath.ToSlash(filepath.Dir(file))+"."+m[1]] = true
		}
	}
	return all
}

// TestEveryDependencyHasADecision holds the modules that our code imports, and the tools of go.mod, against
// the notes: each has one, and no note is about a module that is not used.
func TestEveryDependencyHasADecision(t *testing.T) {
	used := usedModules(t)
	noted := notedModules(t)
	covers := func(note, module string) bool { return module == note || strings.HasPrefix(module, note+"/") }
	for module, by := range used {
		if !slices.ContainsFunc(noted, func(note string) bool { return covers(note, module) }) {
			t.Errorf("%s, used by %s, is in no Dependency line of %s", module, by, decisionNotes)
		}
	}
	for _, note := range noted {
		if !anyKey(used, func(module string) bool { return covers(note, module) }) {
			t.Errorf("%s has a note about %s, which nothing uses", decisionNotes, note)
		}
	}
}

func anyKey(m map[string]string, f func(string) bool) bool {
	for k := range m {
		if f(k) {
			return true
		}
	}
	return false
}

// usedModules returns the modules that our code imports, tests included, each with one file that does, and the
// modules of go.mod's tools.
func usedModules(t *testing.T) map[string]string {
	t.Helper()
	required, tools := goMod(t)
	used := map[string]string{}
	add := func(pkg, by string) {
		longest := ""
		for _, module := range required {
			if (pkg == module || strings.HasPrefix(pkg, module+"/")) && len(module) > len(longest) {
				longest = module
			}
		}
		if longest == "" {
			t.Errorf("%s uses %s, which go.mod does not require", by, pkg)
			return
		}
		used[longest] = by
	}
	for _, file := range goFiles(t) {
		for _, pkg := range imports(t, file) {
			if first, _, _ := strings.Cut(pkg, "/"); strings.Contains(first, ".") {
				add(pkg, file)
			}
		}
	}
	for _, tool := range tools {
		add(tool, "go.mod's tools")
	}
	return used
}

// goMod returns the modules that go.mod requires and the packages of its tools.
func goMod(t *testing.T) (required, tools []string) {
	t.Helper()
	block := ""
	for line := range strings.Lines(readDoc(t, "go.mod")) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case len(words) > 1 && words[1] == "(":
			block = words[0]
			continue
		}
		verb, path := block, words[0]
		if block == "" && len(words) > 1 {
			verb, path = words[0], words[1]
		}
		switch verb {
		case "require":
			required = append(required, path)
		case "tool":
			tools = append(tools, path)
		}
	}
	return required, tools
}

// notedModules returns the module paths of the Dependency lines of the decision notes.
func notedModules(t *testing.T) (modules []string) {
	t.Helper()
	files, err := filepath.Glob(decisionNotes + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	for _, file := range files {
		for line := range strings.Lines(readDoc(t, file)) {
			if !strings.HasPrefix(line, "Dependenc") {
				continue
			}
			for _, m := range quoted.FindAllStringSubmatch(line, -1) {
				modules = append(modules, m[1])
			}
		}
	}
	return modules
}

// TestDocsLinks: every relative link of a page leads to a file, and docs/README.md lists every page.
func TestDocsLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	listed := map[string]bool{"docs/README.md": true}
	var pages []string
	for _, page := range markdownFiles(t) {
		if strings.HasPrefix(page, "docs/") {
			pages = append(pages, page)
		}
		for _, m := range link.FindAllStringSubmatch(readDoc(t, page), -1) {
			target := path.Join(path.Dir(page), m[1])
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
			if page == "docs/README.md" {
				listed[target] = true
			}
		}
	}
	for _, page := range pages {
		if !listed[page] {
			t.Errorf("docs/README.md does not list %s", page)
		}
	}
}

// markdownFiles returns the pages of the tree, with slashes.
func markdownFiles(t *testing.T) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "data"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(p, ".md"):
			pages = append(pages, filepath.ToSlash(p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}
