package meter

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// The root element of the AWS report is in no public text; OperationUsage and its children are.
const (
	xmlStart = xml.Header + "<AWSUsageReport>\n"
	xmlEnd   = "</AWSUsageReport>\n"
)

// WriteXML writes rows as the AWS usage report in XML: one OperationUsage element a line. Errors are as for WriteCSV.
func WriteXML(w io.Writer, rows iter.Seq2[Row, error], v View) error {
	b := bufio.NewWriter(w) // its first error sticks until Flush
	b.WriteString(xmlStart)
	for r, err := range rows {
		if err != nil {
			return err
		}
		b.WriteString("<OperationUsage>")
		writeElement(b, "ServiceName", r.Service)
		writeElement(b, "OperationName", r.Operation.String())
		writeElement(b, "UsageType", v.usageType(r.UsageType))
		writeElement(b, "Resource", r.Resource)
		writeElement(b, "StartTime", r.StartTime.UTC().Format(timeFormat))
		writeElement(b, "EndTime", r.EndTime.UTC().Format(timeFormat))
		writeElement(b, "UsageValue", strconv.FormatInt(r.UsageValue, 10))
		if v.Protocol {
			writeElement(b, "Protocol", r.Source.Protocol())
		}
		b.WriteString("</OperationUsage>\n")
	}
	b.WriteString(xmlEnd)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write usage report: %w", err)
	}
	return nil
}

// writeElement writes <name>text</name>, or <name/> when text is empty. An error stays in b.
func writeElement(b *bufio.Writer, name, text string) {
	if text == "" {
		b.WriteString("<" + name + "/>")
		return
	}
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(text))
	b.WriteString("</" + name + ">")
}
