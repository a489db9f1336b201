// Writing the fields of a JSON request as arguments, in the order that RESP has them.
internal import CSimdjson
import Core

extension LineJSONParser {
    /// Appends every argument of `command` that a field gives to the frame's scratch.
    func writeArguments(
        _ command: borrowing JSONCommand,
        _ prefix: csj_text?,
        _ text: Span<UInt8>,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        for index in 0..<command.fields.count {
            let argument = command.fields[index]
            guard let field = fields[index] else {
                if argument.isOptional { continue }
                throw .missing(argument.name.text)
            }
            if argument.isRepeated, argument.kind != .anyValue, argument.kind != .pairs,
                csj_kind_of(field.value) == CSJ_ARRAY
            {
                try writeElements(argument, field.value, prefix, text, &frame)
            } else {
                try write(argument, field, prefix, text, &frame)
            }
        }
    }

    /// Appends each element of an array as one argument.
    private func writeElements(
        _ argument: ArgumentField,
        _ array: csj_value,
        _ prefix: csj_text?,
        _ text: Span<UInt8>,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        var walk = csj_elements(array)
        var value = csj_value()
        var count = 0
        while csj_next_element(&walk, &value) {
            count += 1
            try write(argument, JSONField(value: value, ordinal: 0), prefix, text, &frame)
        }
        if count == 0, !argument.isOptional {
            throw .invalidRequest("field '\(argument.name.text)' is empty")
        }
    }

    /// Appends one value: its token, if it has one, and its bytes.
    private func write(
        _ argument: ArgumentField,
        _ field: JSONField,
        _ prefix: csj_text?,
        _ text: Span<UInt8>,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        if argument.kind == .flag { return try writeFlag(argument, field.value, &frame) }
        if !argument.token.isEmpty { frame.appendScratchArgument(word: argument.token) }
        switch argument.kind {
        case .pairs:
            try writePairs(argument, field.value, prefix, &frame)
        case .integer:
            guard csj_kind_of(field.value) == CSJ_INTEGER else {
                throw .wrongType(argument.name.text, "an integer of 64 bits")
            }
            let start = frame.scratch.count
            frame.scratch.append(decimal: csj_integer(field.value))
            frame.endScratchArgument(from: start)
        case .anyValue:
            writeJSONText(JSONExtent.ofField(field.ordinal, in: text), text, &frame)
        default:
            try writeBytes(
                argument.name,
                field.value,
                argument.kind == .key ? prefix : nil,
                &frame
            )
        }
    }

    /// Appends a flag's token if it is true.
    private func writeFlag(
        _ argument: ArgumentField,
        _ value: csj_value,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        guard csj_kind_of(value) == CSJ_BOOLEAN else {
            throw .wrongType(argument.name.text, "true or false")
        }
        if csj_boolean(value) {
            frame.appendScratchArgument(word: argument.token)
        }
    }

    /// Appends an object's names and values by turns, or those of an array of arrays of two.
    ///
    /// Only in an array can a name be other than UTF-8, or come twice.
    private func writePairs(
        _ argument: ArgumentField,
        _ pairs: csj_value,
        _ prefix: csj_text?,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        let before = frame.ranges.count
        switch csj_kind_of(pairs) {
        case CSJ_OBJECT: try writeMembers(argument, pairs, prefix, &frame)
        case CSJ_ARRAY: try writeCouples(argument, pairs, prefix, &frame)
        default: throw .wrongType(argument.name.text, LineJSONParser.pairsExpected)
        }
        if frame.ranges.count == before {
            throw .invalidRequest("field '\(argument.name.text)' is empty")
        }
    }

    private static let pairsExpected = "an object of keys and values, or an array of [key, value]"

    private func writeMembers(
        _ argument: ArgumentField,
        _ object: csj_value,
        _ prefix: csj_text?,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        var walk = csj_fields(object)
        var key = csj_text()
        var value = csj_value()
        let before = frame.ranges.count
        while csj_next_field(&walk, &key, &value) {
            let start = frame.scratch.count
            appendPrefix(prefix, &frame)
            frame.scratch.append(span(key))
            frame.endScratchArgument(from: start)
            try writeBytes(argument.name, value, nil, &frame)
        }
        if let name = frame.repeatedName(from: before) {
            throw .invalidRequest("field '\(argument.name.text)' has '\(name)' more than once")
        }
    }

    private func writeCouples(
        _ argument: ArgumentField,
        _ array: csj_value,
        _ prefix: csj_text?,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        var walk = csj_elements(array)
        var couple = csj_value()
        while csj_next_element(&walk, &couple) {
            var inner = csj_elements(couple)
            var key = csj_value()
            var value = csj_value()
            var none = csj_value()
            guard csj_next_element(&inner, &key), csj_next_element(&inner, &value),
                !csj_next_element(&inner, &none)
            else { throw .wrongType(argument.name.text, LineJSONParser.pairsExpected) }
            try writeBytes(argument.name, key, prefix, &frame)
            try writeBytes(argument.name, value, nil, &frame)
        }
    }

    /// Appends a string, or the bytes that `{"base64":"…"}` holds.
    private func writeBytes(
        _ name: PackedName,
        _ value: csj_value,
        _ prefix: csj_text?,
        _ frame: inout RequestFrame
    ) throws(ServerError) {
        let start = frame.scratch.count
        appendPrefix(prefix, &frame)
        if csj_kind_of(value) == CSJ_STRING {
            frame.scratch.append(string(value))
        } else {
            guard let encoded = base64Text(value) else {
                throw .wrongType(name.text, "a string or {\"base64\":\"…\"}")
            }
            guard Base64.append(decoding: span(encoded), to: &frame.scratch) else {
                throw .invalidRequest("field '\(name.text)' holds invalid base64")
            }
        }
        frame.endScratchArgument(from: start)
    }

    /// The string in an object whose only field is `base64`; nil for any other value.
    private func base64Text(_ value: csj_value) -> csj_text? {
        var walk = csj_fields(value)
        var key = csj_text()
        var inner = csj_value()
        guard csj_kind_of(value) == CSJ_OBJECT, csj_next_field(&walk, &key, &inner),
            span(key).equals("base64"), csj_kind_of(inner) == CSJ_STRING
        else { return nil }
        let text = csj_string(inner)
        return csj_next_field(&walk, &key, &inner) ? nil : text
    }

    private func appendPrefix(_ prefix: csj_text?, _ frame: inout RequestFrame) {
        guard let prefix else { return }
        frame.scratch.append(span(prefix))
        frame.scratch.append(UInt8(ascii: "^"))
    }

    /// Appends the JSON text at `extent`, without its white space, as one argument.
    private func writeJSONText(
        _ extent: Range<Int>,
        _ text: Span<UInt8>,
        _ frame: inout RequestFrame
    ) {
        let start = frame.scratch.count
        let source = text.extracting(extent)
        // SAFETY: the source is valid during the call; simdjson writes at most its length, in
        // blocks of up to 64 bytes, which is the room reserved. Both blocks are distinct.
        source.withUnsafeBufferPointer { bytes in
            frame.scratch.withSpareRoom(bytes.count + 64) { room in
                let output = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                return bytes.isEmpty ? 0 : csj_minify(bytes.baseAddress, bytes.count, output)
            }
        }
        frame.endScratchArgument(from: start)
    }
}

extension RequestFrame {
    /// Appends `word` to `scratch` as the next argument.
    fileprivate mutating func appendScratchArgument(word: PackedName) {
        let start = scratch.count
        word.append(to: &scratch)
        endScratchArgument(from: start)
    }

    /// A name that comes twice among the arguments from `first` on, of which every other is a name.
    fileprivate func repeatedName(from first: Int) -> String? {
        if ranges.count - first <= 2 { return nil }
        var names: [ArgumentRange] = []
        for index in stride(from: first, to: ranges.count, by: 2) {
            names.append(ranges.span[index])
        }
        // SAFETY: every range lies within the scratch, and the pointer is used only during the call.
        return scratch.withBytes { bytes in
            func name(_ range: ArgumentRange) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[Int(range.start)..<Int(range.end)])
            }
            names.sort { name($0).lexicographicallyPrecedes(name($1)) }
            for index in names.indices.dropFirst()
            where name(names[index - 1]).elementsEqual(name(names[index])) {
                return Printable.text(
                    scratch.span.extracting(Int(names[index].start)..<Int(names[index].end))
                )
            }
            return nil
        }
    }

    /// Makes what was written to `scratch` since it had `start` bytes the next argument.
    fileprivate mutating func endScratchArgument(from start: Int) {
        ranges.append(ArgumentRange(start: start, end: scratch.count))
    }
}
