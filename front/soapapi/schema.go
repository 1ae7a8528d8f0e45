package soapapi

import (
	_ "embed" // of the schema
	"html"
	"net/http"
	"strings"

	"shoal/wire/soap"
)

// schema is the XML Schema of the API.
//
//go:embed AmazonS3.xsd
var schema string

const (
	schemaFolder = "/2006-03-01/"
	schemaName   = "AmazonS3.xsd"
)

// ServesSchema reports whether r asks for the description of the API: a WSDL, or the schema that it includes.
func ServesSchema(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	switch r.URL.Path {
	case schemaFolder + "AmazonS3.wsdl", schemaFolder + schemaName:
		return r.URL.RawQuery == ""
	case path:
		return strings.EqualFold(r.URL.RawQuery, "wsdl")
	}
	return false
}

// ServeSchema answers what ServesSchema names, to everybody and for nothing.
func ServeSchema(w http.ResponseWriter, r *http.Request) {
	text := schema
	if r.URL.Path != schemaFolder+schemaName {
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		text = wsdl(scheme + "://" + r.Host)
	}
	w.Header().Set("Content-Type", soap.MediaType)
	w.Header().Set("Server", serverName)
	if r.Method == http.MethodGet {
		_, _ = w.Write([]byte(text)) // an error means that the client went away
	}
}

const (
	wsdlStart = `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:wsdlsoap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="` + namespace + `" targetNamespace="` + namespace + `">
  <wsdl:types>
    <xsd:schema targetNamespace="` + namespace + `">
      <xsd:include schemaLocation="LOCATION"/>
    </xsd:schema>
  </wsdl:types>
`
	wsdlMessage = `  <wsdl:message name="NAMERequest">
    <wsdl:part name="parameters" element="tns:NAME"/>
  </wsdl:message>
  <wsdl:message name="NAMEResponse">
    <wsdl:part name="parameters" element="tns:NAMEResponse"/>
  </wsdl:message>
`
	wsdlPort = `    <wsdl:operation name="NAME">
      <wsdl:input name="NAMERequest" message="tns:NAMERequest"/>
      <wsdl:output name="NAMEResponse" message="tns:NAMEResponse"/>
    </wsdl:operation>
`
	wsdlBinding = `    <wsdl:operation name="NAME">
      <wsdlsoap:operation soapAction=""/>
      <wsdl:input name="NAMERequest"><wsdlsoap:body use="literal"/></wsdl:input>
      <wsdl:output name="NAMEResponse"><wsdlsoap:body use="literal"/></wsdl:output>
    </wsdl:operation>
`
	wsdlEnd = `  </wsdl:binding>
  <wsdl:service name="AmazonS3">
    <wsdl:port name="AmazonS3" binding="tns:AmazonS3SoapBinding">
      <wsdlsoap:address location="LOCATION"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`
)

// wsdl returns the description of the API at base, a URL without a path.
func wsdl(base string) string {
	var b strings.Builder
	each := func(template string) {
		for _, o := range operations() {
			b.WriteString(strings.ReplaceAll(template, "NAME", o.name))
		}
	}
	locate := func(template, path string) {
		b.WriteString(strings.ReplaceAll(template, "LOCATION", html.EscapeString(base+path))) // a Host header may have an "&"
	}
	locate(wsdlStart, schemaFolder+schemaName)
	each(wsdlMessage)
	b.WriteString("  <wsdl:portType name=\"AmazonS3\">\n")
	each(wsdlPort)
	b.WriteString("  </wsdl:portType>\n  <wsdl:binding name=\"AmazonS3SoapBinding\" type=\"tns:AmazonS3\">\n" +
		"    <wsdlsoap:binding style=\"document\" transport=\"http://schemas.xmlsoap.org/soap/http\"/>\n")
	each(wsdlBinding)
	locate(wsdlEnd, path)
	return b.String()
}
