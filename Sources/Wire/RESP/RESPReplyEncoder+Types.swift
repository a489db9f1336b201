// The reply types that RESP3 brought, and what stands for each in RESP2.
//
// Source: Redis 7.0, networking.c (addReplyDouble, addReplyBool, addReplyBigNum, addReplySetLen,
// addReplyVerbatim, addReplyAttributeLen).
import Core

extension RESPReplyEncoder {
    /// Appends the item at hand, or its header; returns how many items belong to it and follow.
    @inline(never)
    @_lifetime(reader: copy reader)
    static func encodeTyped(
        _ reader: inout ReplyReader,
        isRESP3: Bool,
        _ output: inout ByteBuffer
    ) -> Int {
        switch reader.item {
        case .double:
            let digits = DecimalDouble.redis(reader.double)
            if isRESP3 {
                output.append(UInt8(ascii: ","))
            } else {
                appendHeader("$", digits.utf8.count, &output)
            }
            output.append(string: digits)
            endLine(&output)
        case .boolean:
            output.append(UInt8(ascii: isRESP3 ? "#" : ":"))
            let letter: Unicode.Scalar = reader.boolean ? "t" : "f"
            let digit: Unicode.Scalar = reader.boolean ? "1" : "0"
            output.append(UInt8(ascii: isRESP3 ? letter : digit))
            endLine(&output)
        case .bigNumber:
            if isRESP3 {
                output.append(UInt8(ascii: "("))
            } else {
                appendHeader("$", reader.payload.count, &output)
            }
            output.append(reader.payload)
            endLine(&output)
        case .verbatim:
            let format: StaticString = "txt:"
            let formatBytes = isRESP3 ? format.utf8CodeUnitCount : 0
            appendHeader(isRESP3 ? "=" : "$", reader.payload.count + formatBytes, &output)
            if isRESP3 { output.append(format) }
            output.append(reader.payload)
            endLine(&output)
        case .set:
            appendHeader(isRESP3 ? "~" : "*", reader.count, &output)
            return reader.nestedCount
        case .attribute:
            if isRESP3 {
                appendHeader("|", reader.count, &output)
                return reader.nestedCount
            }
            reader.skipPairs()
            return 1
        default:
            break
        }
        return 0
    }
}
