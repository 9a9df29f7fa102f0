// A data contract (ODCS) with two faults for the gate of fixture.cc: no owner,
// and an e-mail address that is not encrypted; and the same without them.
#ifndef BYLAW_TESTS_SERVER_DESCRIPTOR_H_
#define BYLAW_TESTS_SERVER_DESCRIPTOR_H_

namespace bylaw::test {

inline constexpr char kDescriptor[] = R"(apiVersion: v3.0.2
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
schema:
  - name: orders
    physicalType: table
    properties:
      - name: email
        logicalType: string
        physicalType: varchar
      - name: total
        logicalType: number
        physicalType: decimal
)";
// Where its property `email` stands.
inline constexpr int kEmailLine = 11;

inline constexpr char kGoodDescriptor[] = R"(apiVersion: v3.0.2
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
team:
  - username: ana
    role: owner
schema:
  - name: orders
    physicalType: table
    properties:
      - name: total
        logicalType: number
        physicalType: decimal
)";

}  // namespace bylaw::test

#endif  // BYLAW_TESTS_SERVER_DESCRIPTOR_H_
