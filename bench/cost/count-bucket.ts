// A bucket whose operations are counted by what R2 charges for them (class A: changes and lists; class B: reads).

type Count = (name: string) => void;

const CLASS_A = ["put", "list", "createMultipartUpload"];
const CLASS_B = ["get", "head"];

/** The same bucket; each operation is told to `countA` or `countB` before it is begun. */
export function countBucket(bucket: R2Bucket, countA: Count, countB: Count): R2Bucket {
  return new Proxy(bucket, {
    get(target, name: keyof R2Bucket & string) {
      const operation = target[name] as (...parameters: unknown[]) => Promise<unknown>;
      return async (...parameters: unknown[]) => {
        if (CLASS_A.includes(name)) countA(name);
        if (CLASS_B.includes(name)) countB(name);
        const answer = await operation.apply(target, parameters);
        return name === "createMultipartUpload" ? countUpload(answer as R2MultipartUpload, countA) : answer;
      };
    },
  });
}

function countUpload(upload: R2MultipartUpload, countA: Count): Pick<R2MultipartUpload, "uploadPart" | "complete" | "abort"> {
  return {
    uploadPart(number, bytes) {
      countA("uploadPart");
      return upload.uploadPart(number, bytes);
    },
    complete(parts) {
      countA("complete");
      return upload.complete(parts);
    },
    abort: () => upload.abort(),
  };
}
