package billing

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// The JSON of a statement. Amounts and prices are strings, exact decimals: a JSON number may become a float.
type (
	jsonStatement struct {
		Month     string       `json:"month"`
		Until     time.Time    `json:"until"`
		Estimated bool         `json:"estimated"`
		Account   jsonAccount  `json:"account"`
		Bucket    string       `json:"bucket,omitempty"`
		Plan      string       `json:"plan"`
		Currency  string       `json:"currency"`
		Total     string       `json:"total"`
		Torrents  string       `json:"torrent_amount"`
		Lines     []jsonLine   `json:"lines"`
		Buckets   []jsonBucket `json:"buckets"`
	}
	jsonAccount struct {
		ID     string `json:"canonical_id"`
		Number string `json:"number"`
		Name   string `json:"name,omitempty"`
	}
	jsonLine struct {
		UsageType   string `json:"usage_type"`
		Description string `json:"description"`
		Tier        int    `json:"tier"` // from 1
		Unit        string `json:"unit"`
		Units       string `json:"units"` // quantity, in unit
		Price       string `json:"price"`
		Per         int64  `json:"per"`
		jsonSum
		Buckets []jsonShare `json:"buckets"`
	}
	jsonShare struct {
		Bucket string `json:"bucket"`
		jsonSum
	}
	jsonSum struct {
		Quantity        int64  `json:"quantity"` // as the usage report counts
		Amount          string `json:"amount"`
		TorrentQuantity int64  `json:"torrent_quantity"`
		TorrentAmount   string `json:"torrent_amount"`
	}
	jsonBucket struct {
		Bucket        string `json:"bucket"`
		Amount        string `json:"amount"`
		TorrentAmount string `json:"torrent_amount"`
	}
)

// WriteJSON writes statements as a JSON array.
func WriteJSON(w io.Writer, statements []*Statement) error {
	all := make([]jsonStatement, len(statements))
	for i, s := range statements {
		all[i] = s.json()
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("write statement: %w", err)
	}
	return nil
}

func (s *Statement) json() jsonStatement {
	j := jsonStatement{
		Month: s.Month.String(), Until: s.Until, Estimated: s.Estimated,
		Account: jsonAccount(s.Account), Bucket: s.Bucket, Plan: s.Plan.Name, Currency: s.Plan.Currency,
		Total: s.Total.String(), Torrents: s.TorrentCost.String(), Lines: []jsonLine{}, Buckets: []jsonBucket{},
	}
	for _, l := range s.Lines {
		line := jsonLine{
			UsageType: l.UsageType.String(), Description: l.Describe(), Tier: l.Tier + 1, Unit: l.Rate.Unit.String(),
			Units: l.Rate.units(s.Month, l.Quantity), Price: l.Price().String(), Per: l.Rate.Per, jsonSum: l.json(),
		}
		for _, share := range l.Shares {
			line.Buckets = append(line.Buckets, jsonShare{share.Bucket, share.json()})
		}
		j.Lines = append(j.Lines, line)
	}
	for _, b := range s.Buckets {
		j.Buckets = append(j.Buckets, jsonBucket{b.Bucket, b.Cost.String(), b.TorrentCost.String()})
	}
	return j
}

func (s *Sum) json() jsonSum {
	return jsonSum{s.Quantity, s.Cost.String(), s.Torrent, s.TorrentCost.String()}
}
