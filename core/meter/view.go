package meter

// View says how a report is written.
type View struct {
	// Protocol adds a last column with the source of each row, for the rows of a Query that is BySource.
	Protocol bool
	// RegionCode stands before usage types, as RegionCode gives it; "" for none.
	RegionCode string
}

// usageType returns the name of t in the report.
func (v View) usageType(t UsageType) string {
	if v.RegionCode == "" || t == StorageObjectCount { // which AWS writes without a region
		return t.String()
	}
	return v.RegionCode + "-" + t.String()
}

// RegionCode returns the code by which usage types name a region of AWS, "" for us-east-1 and for regions that are not AWS's
// (S3 user guide, "Understanding your AWS billing and usage reports for Amazon S3"; "AWS Region billing codes").
func RegionCode(region string) string { return regionCodes[region] }

// regionCodes are the codes of the regions of AWS. Never written.
var regionCodes = map[string]string{
	"us-east-2": "USE2", "us-west-1": "USW1", "us-west-2": "USW2",
	"us-gov-east-1": "UGE1", "us-gov-west-1": "UGW1",
	"ca-central-1": "CAN1", "ca-west-1": "CAN2", "mx-central-1": "MXC1", "sa-east-1": "SAE1",
	"af-south-1": "CPT",
	"ap-east-1":  "APE1", "ap-east-2": "APE2",
	"ap-northeast-1": "APN1", "ap-northeast-2": "APN2", "ap-northeast-3": "APN3",
	"ap-southeast-1": "APS1", "ap-southeast-2": "APS2", "ap-south-1": "APS3", "ap-southeast-3": "APS4",
	"ap-south-2": "APS5", "ap-southeast-4": "APS6", "ap-southeast-5": "APS7", "ap-southeast-6": "APS8", "ap-southeast-7": "APS9",
	"cn-north-1": "CNN1", "cn-northwest-1": "CNW1",
	"eu-west-1": "EU", "eu-west-2": "EUW2", "eu-west-3": "EUW3",
	"eu-central-1": "EUC1", "eu-central-2": "EUC2", "eu-north-1": "EUN1", "eu-south-1": "EUS1", "eu-south-2": "EUS2",
	"il-central-1": "ILC1", "me-central-1": "MEC1", "me-south-1": "MES1",
}
