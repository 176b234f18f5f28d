"""Writes shapes.json and recorded.json beside this file: what AWS's service models say of the calls behind the account's
checks, and what moto answers to those that it has. By hand, after a change of the checks:

    pip install 'moto[ec2,ssm]==5.2.5' botocore==1.44.8 cfn-lint==1.58.0 && python record.py
"""

import glob
import json
import os
import pathlib

import botocore
import boto3
import botocore.session
import cfnlint
import moto

os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="us-east-1")
HERE = pathlib.Path(__file__).parent

CALLS = {
    "ec2": [
        "DescribeCapacityReservations",
        "DescribeImages",
        "DescribeInstanceTypeOfferings",
        "DescribeInstanceTypes",
        "DescribeInstances",
        "DescribeSpotPriceHistory",
        "DescribeSubnets",
    ],
    "service-quotas": ["GetAWSDefaultServiceQuota", "GetServiceQuota"],
    "pricing": ["GetProducts"],
    "ssm": ["GetParameter"],
    "cloudcontrol": ["GetResource"],
}
RESERVATION = "AWS::EC2::CapacityReservation"


def shape_of(shape):
    """A shape as `{field: shape}`, `[shape]`, `{"*": shape}` for a map, or the name of a scalar type."""
    if shape.type_name == "structure":
        return {name: shape_of(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [shape_of(shape.member)]
    if shape.type_name == "map":
        return {"*": shape_of(shape.value)}
    return shape.type_name


def calls():
    session = botocore.session.get_session()
    for service, names in CALLS.items():
        model = session.get_service_model(service)
        for name in names:
            operation = model.operation_model(name)
            errors = sorted(error.name for error in operation.error_shapes)
            yield f"{service}:{name}", {"output": shape_of(operation.output_shape), "errors": errors}


def reservation_schema():
    resources = pathlib.Path(cfnlint.__file__).parent / "data/schemas/resources"
    for file in glob.glob(f"{resources}/*.json"):
        schema = json.loads(pathlib.Path(file).read_text())
        if schema["typeName"] == RESERVATION:
            return {name: of.get("type", "object") for name, of in schema["properties"].items()}
    raise SystemExit(f"cfn-lint has no schema of {RESERVATION}")


def answer(client, call, **parameters):
    output = getattr(boto3.client(client), call)(**parameters)
    return {name: value for name, value in output.items() if name != "ResponseMetadata"}


def refusal(client, call, **parameters):
    try:
        answer(client, call, **parameters)
    except botocore.exceptions.ClientError as error:
        return {name: error.response["Error"][name] for name in ("Code", "Message")}
    raise SystemExit(f"moto did not refuse {call}")


@moto.mock_aws
def recorded():
    of_type = {"Filters": [{"Name": "instance-type", "Values": ["g6e.xlarge"]}]}
    images = answer("ec2", "describe_images")["Images"]
    amazon = [image for image in images if image["Name"].startswith("al2023-ami-") or "amzn2-ami-hvm" in image["Name"]]
    first = {kind: next(image for image in amazon if image["Architecture"] == kind) for kind in ("x86_64", "arm64")}
    subnets = answer("ec2", "describe_subnets")["Subnets"]
    spot = answer("ec2", "describe_spot_price_history", InstanceTypes=["g6e.xlarge"])["SpotPriceHistory"]
    answer("ec2", "run_instances", ImageId=first["x86_64"]["ImageId"], MinCount=1, MaxCount=1, InstanceType="g6e.xlarge")
    return {
        "ec2:DescribeInstances": answer("ec2", "describe_instances"),
        "ec2:DescribeInstances of none": answer(
            "ec2", "describe_instances", Filters=[{"Name": "tag:none", "Values": ["none"]}]
        ),
        "ec2:DescribeInstances refused": refusal("ec2", "describe_instances", InstanceIds=["i-0123456789abcdef0"]),
        "ec2:DescribeInstanceTypes": answer("ec2", "describe_instance_types", InstanceTypes=["g6e.xlarge"]),
        "ec2:DescribeInstanceTypeOfferings": answer(
            "ec2", "describe_instance_type_offerings", LocationType="availability-zone", **of_type
        ),
        # moto passes over the zone that is asked for, AWS does not.
        "ec2:DescribeSpotPriceHistory": {
            "SpotPriceHistory": [price for price in spot if price["AvailabilityZone"] == "us-east-1a"]
        },
        "ec2:DescribeImages": {"Images": [first["x86_64"]]},
        "ec2:DescribeImages of arm64": {"Images": [first["arm64"]]},
        "ec2:DescribeImages of none": answer(
            "ec2", "describe_images", Filters=[{"Name": "image-id", "Values": ["ami-0123456789abcdef0"]}]
        ),
        "ec2:DescribeSubnets": {"Subnets": [subnets[0]]},
        "ec2:DescribeSubnets refused": refusal("ec2", "describe_subnets", SubnetIds=["subnet-0123456789abcdef0"]),
        "ssm:GetParameter": answer(
            "ssm", "get_parameter", Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
        ),
        "ssm:GetParameter refused": refusal(
            "ssm",
            "get_parameter",
            Name="/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
        ),
    }


def write(name, source, content):
    text = json.dumps({"source": source, **content}, indent=1, sort_keys=True, default=lambda value: value.isoformat())
    (HERE / name).write_text(text + "\n")


write(
    "shapes.json",
    f"service models of botocore {botocore.__version__}; schemas of CloudFormation in cfn-lint {cfnlint.version.__version__}",
    {"calls": dict(calls()), "reservation": reservation_schema()},
)
write("recorded.json", f"moto {moto.__version__}, as boto3 reads its answers", {"answers": recorded()})
