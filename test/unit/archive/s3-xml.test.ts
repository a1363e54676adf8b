import { expect, test } from "vitest";
import { readListing } from "../../../src/archive/s3/listing.ts";
import { elements, escapeXml, text } from "../../../src/archive/s3/xml.ts";

test("finds elements by their whole name, and unescapes their text", () => {
  const xml = '<R xmlns="x"><Key>a&amp;b&lt;&#60;&#x3c;</Key><KeyCount>2</KeyCount><Key/><Key>\nc</Key></R>';
  expect(elements(xml, "Key")).toEqual(["a&amp;b&lt;&#60;&#x3c;", "\nc"]);
  expect(text(xml, "Key")).toBe("a&b<<<");
  expect(text(xml, "KeyCount")).toBe("2");
  expect(text(xml, "None")).toBeNull();
  expect(text(`<a>${escapeXml(`<&>"'`)}</a>`, "a")).toBe(`<&>"'`);
});

test("reads a listing as Amazon S3 and others write it", () => {
  const page = readListing(
    `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
      <Prefix>p/</Prefix><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>1/a&amp;=</NextContinuationToken>
      <Contents><Key>p/a+b%2Bc/%C3%BC</Key><LastModified>2026-01-31T10:00:00.000Z</LastModified><ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag>
        <Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>
      <CommonPrefixes><Prefix>p/x/</Prefix></CommonPrefixes></ListBucketResult>`,
    "p/",
  );
  const etag = "0123456789abcdef0123456789abcdef";
  expect(page).toMatchObject({ truncated: true, cursor: "1/a&=", delimitedPrefixes: ["x/"] });
  expect(page.objects).toMatchObject([{ name: "a b+c/ü", size: 7, etag, uploaded: Date.UTC(2026, 0, 31, 10), checksums: { "0": etag } }]);
});
