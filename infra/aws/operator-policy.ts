/** What whoever runs the program needs in IAM, by the resource that it makes: to create, read, change, tag and delete it. */
export const ACTIONS_OF_RESOURCES: Readonly<Record<string, readonly string[]>> = {
  "aws:ec2/vpc:Vpc": ec2(
    "CreateVpc DeleteVpc DescribeVpcs DescribeVpcAttribute ModifyVpcAttribute DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups",
  ),
  "aws:ec2/subnet:Subnet": ec2(
    "CreateSubnet DeleteSubnet DescribeSubnets ModifySubnetAttribute DescribeNetworkInterfaces",
  ),
  "aws:ec2/internetGateway:InternetGateway": ec2(
    "CreateInternetGateway AttachInternetGateway DetachInternetGateway DeleteInternetGateway DescribeInternetGateways",
  ),
  "aws:ec2/routeTable:RouteTable": ec2("CreateRouteTable DeleteRouteTable DescribeRouteTables"),
  "aws:ec2/route:Route": ec2("CreateRoute DeleteRoute ReplaceRoute"),
  "aws:ec2/routeTableAssociation:RouteTableAssociation": ec2(
    "AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation",
  ),
  "aws:ec2/securityGroup:SecurityGroup": ec2(
    "CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroups RevokeSecurityGroupEgress DescribeNetworkInterfaces",
  ),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ec2(
    "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress ModifySecurityGroupRules DescribeSecurityGroupRules",
  ),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ec2(
    "AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress ModifySecurityGroupRules DescribeSecurityGroupRules",
  ),
  "aws:ec2/launchTemplate:LaunchTemplate": ec2(
    "CreateLaunchTemplate CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate DescribeLaunchTemplates DescribeLaunchTemplateVersions",
  ),
  "aws:ec2/instance:Instance": [
    ...ec2(
      "RunInstances TerminateInstances StopInstances StartInstances DescribeInstances DescribeInstanceAttribute ModifyInstanceAttribute ModifyInstanceMetadataOptions DescribeInstanceTypes DescribeInstanceCreditSpecifications DescribeIamInstanceProfileAssociations AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation DescribeVolumes ModifyVolume DescribeImages",
    ),
    "iam:PassRole",
  ],
  "aws:ec2/placementGroup:PlacementGroup": ec2(
    "CreatePlacementGroup DeletePlacementGroup DescribePlacementGroups",
  ),
  "aws:ec2/keyPair:KeyPair": ec2("ImportKeyPair DeleteKeyPair DescribeKeyPairs"),
  "aws:ec2/eip:Eip": ec2(
    "AllocateAddress ReleaseAddress AssociateAddress DisassociateAddress DescribeAddresses DescribeAddressesAttribute",
  ),
  "aws:ssm/parameter:Parameter": actions(
    "ssm",
    "PutParameter GetParameter GetParameters DeleteParameter DescribeParameters AddTagsToResource RemoveTagsFromResource ListTagsForResource",
  ),
  "aws:iam/role:Role": actions(
    "iam",
    "CreateRole GetRole UpdateRole DeleteRole UpdateAssumeRolePolicy PutRolePermissionsBoundary DeleteRolePermissionsBoundary TagRole UntagRole ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole",
  ),
  "aws:iam/rolePolicy:RolePolicy": actions("iam", "PutRolePolicy GetRolePolicy DeleteRolePolicy"),
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": actions(
    "iam",
    "AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies",
  ),
  "aws:cloudwatch/metricAlarm:MetricAlarm": actions(
    "cloudwatch",
    "PutMetricAlarm DescribeAlarms DeleteAlarms TagResource UntagResource ListTagsForResource",
  ),
  "aws:cloudwatch/dashboard:Dashboard": actions("cloudwatch", "PutDashboard GetDashboard DeleteDashboards"),
  "aws:cloudwatch/logGroup:LogGroup": actions(
    "logs",
    "CreateLogGroup DeleteLogGroup DescribeLogGroups PutRetentionPolicy DeleteRetentionPolicy TagResource UntagResource ListTagsForResource",
  ),
  "aws:sns/topic:Topic": actions(
    "sns",
    "CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes TagResource UntagResource ListTagsForResource",
  ),
  "aws:sns/topicSubscription:TopicSubscription": actions(
    "sns",
    "Subscribe Unsubscribe GetSubscriptionAttributes SetSubscriptionAttributes ListSubscriptionsByTopic",
  ),
  "aws:route53/record:Record": actions(
    "route53",
    "ChangeResourceRecordSets ListResourceRecordSets GetHostedZone GetChange",
  ),
  "aws:iam/instanceProfile:InstanceProfile": actions(
    "iam",
    "CreateInstanceProfile GetInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile",
  ),
};

/** And by what it looks up; a check whose lookup is not allowed is left out, and says so. */
export const ACTIONS_OF_LOOKUPS: Readonly<Record<string, readonly string[]>> = {
  "aws:ssm/getParameter:getParameter": ["ssm:GetParameter"],
  "aws:ec2/getInstances:getInstances": ["ec2:DescribeInstances"],
  "aws:ec2/getInstance:getInstance": ec2(
    "DescribeInstances DescribeInstanceAttribute DescribeInstanceTypes DescribeVolumes",
  ),
  "aws:ec2/getSubnet:getSubnet": ["ec2:DescribeSubnets"],
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": ["ec2:DescribeInstanceTypeOfferings"],
  "aws:ec2/getInstanceType:getInstanceType": ["ec2:DescribeInstanceTypes"],
  "aws:ec2/getAmi:getAmi": ["ec2:DescribeImages"],
  "aws:ec2/getSpotPrice:getSpotPrice": ["ec2:DescribeSpotPriceHistory"],
  "aws:ec2/getCapacityBlockReservation:getCapacityBlockReservation": ["ec2:DescribeCapacityReservations"],
  "aws:cloudcontrol/getResource:getResource": [
    "cloudformation:GetResource",
    "ec2:DescribeCapacityReservations",
  ],
  "aws:servicequotas/getServiceQuota:getServiceQuota": actions(
    "servicequotas",
    "GetServiceQuota GetAWSDefaultServiceQuota",
  ),
  "aws:pricing/getProduct:getProduct": ["pricing:GetProducts"],
};

/** Tags are set on resources of EC2 by calls of their own. */
const TAGGING = ec2("CreateTags DeleteTags DescribeTags");

/** The policy of whoever runs the program, as IAM takes it. */
export function operatorPolicy(): object {
  const lists = [...Object.values(ACTIONS_OF_RESOURCES), ...Object.values(ACTIONS_OF_LOOKUPS), TAGGING];
  const all = [...new Set(lists.flat())].sort();
  return {
    Version: "2012-10-17",
    Statement: [{ Sid: "Shardplan", Effect: "Allow", Action: all, Resource: "*" }],
  };
}

function actions(service: string, names: string): readonly string[] {
  return names.split(" ").map((name) => `${service}:${name}`);
}

function ec2(names: string): readonly string[] {
  return actions("ec2", names);
}
